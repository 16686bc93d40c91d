"""Test only: lets TorchTitan be built and stepped on a machine without GPUs (CPU, fake process group)."""

import os
import resource
from types import SimpleNamespace


def install():
    os.environ.setdefault("TORCHDYNAMO_DISABLE", "1")  # no C++ compiler needed
    os.environ["LOCAL_RANK"] = "0"  # torch knows one CPU device only

    import torch
    import torch._utils
    import torch.nn.attention.flex_attention as flex

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

    @torch.compiler.disable
    def dense(query, key, value, score_mod=None, block_mask=None, scale=None, enable_gqa=False, return_lse=False,
              kernel_options=None, *, return_aux=None):
        mask = None  # FlexAttention has no backward on a CPU: the same mask, dense
        if block_mask is not None:
            mask = flex.create_mask(block_mask.mask_mod, query.size(0), 1, query.size(2), key.size(2), query.device)
        out = torch.nn.functional.scaled_dot_product_attention(query, key, value, attn_mask=mask, scale=scale,
                                                               enable_gqa=enable_gqa)
        return out if return_aux is None else (out, flex.AuxOutput())

    flex.flex_attention = dense
