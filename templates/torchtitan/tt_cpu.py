"""Puts the CPU in place of GPUs, so that TorchTitan (0.2.x, 0.3.0) can be tried on a machine without any: the CPU is the
device, gloo stands in for NCCL, dense attention for FlexAttention (which has no backward on a CPU). Whether TorchTitan takes
a configuration can be told so; how fast it is or what it needs on a GPU cannot.
"""

import os


def install():
    os.environ.setdefault("TORCHDYNAMO_DISABLE", "1")  # no C++ compiler needed
    import torch

    stand_in_for_the_device(torch)
    sum_in_place_of_average()
    dense_attention(torch)
    profile_the_cpu(torch)


def stand_in_for_the_device(torch):
    import resource
    from types import SimpleNamespace

    import torch._utils

    class Stats(dict):  # peak resident memory stands in for device memory
        def get(self, key, default=None):
            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 if key.endswith("bytes.all.peak") else 0

        __getitem__ = get

    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    cpu = torch.cpu
    cpu.get_device_name = lambda *_: "CPU"
    cpu.get_device_properties = lambda *_: SimpleNamespace(name="CPU", total_memory=memory)
    cpu.current_device = lambda: 0
    cpu.memory_stats = lambda *_: Stats()
    cpu.reset_peak_memory_stats = lambda *_: None
    cpu.empty_cache = lambda: None
    torch._utils._get_available_device_type = lambda: "cpu"
    os.environ["LOCAL_RANK"] = "0"  # torch knows one CPU device only


def sum_in_place_of_average():  # gloo has no AVG
    from torch.distributed.fsdp._fully_shard._fsdp_param_group import FSDPParamGroup

    original = FSDPParamGroup.__init__

    def with_sum(self, *arguments, **named):
        original(self, *arguments, **named)
        self.force_sum_reduction_for_comms = True

    FSDPParamGroup.__init__ = with_sum


def dense_attention(torch):
    import torch.nn.attention.flex_attention as flex

    @torch.compiler.disable
    def dense(query, key, value, score_mod=None, block_mask=None, scale=None, enable_gqa=False, return_lse=False,
              kernel_options=None, *, return_aux=None):
        mask = None
        if block_mask is not None:
            mask = flex.create_mask(block_mask.mask_mod, query.size(0), 1, query.size(2), key.size(2), query.device)
        out = torch.nn.functional.scaled_dot_product_attention(query, key, value, attn_mask=mask, scale=scale,
                                                               enable_gqa=enable_gqa)
        return out if return_aux is None else (out, flex.AuxOutput())

    flex.flex_attention = dense


def profile_the_cpu(torch):  # 0.2.x passes None in place of the CUDA activity
    original = torch.profiler.profile.__init__

    def of_the_cpu(self, *arguments, activities=(), **named):
        original(self, *arguments, activities=[one for one in activities if one is not None], **named)

    torch.profiler.profile.__init__ = of_the_cpu
