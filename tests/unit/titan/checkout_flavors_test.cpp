#include "tt/titan/checkout_flavors.hpp"

#include <gtest/gtest.h>

#include "support/temp_folder.hpp"
#include "tt/titan/parameters.hpp"

namespace tt::titan {
namespace {

// The shape of a checkout of 0.2: a dict of calls, and the class they call.
constexpr const char* llama_args = R"(
from dataclasses import dataclass

@dataclass
class TransformerModelArgs(BaseModelArgs):
    dim: int = 4096
    n_layers: int = 32
    n_heads: int = 32
    n_kv_heads: int | None = None
    vocab_size: int = 128256
    multiple_of: int = 256  # rounds the inner size up
    ffn_dim_multiplier: float | None = None
    norm_eps: float = 1e-5
    max_seq_len: int = 131072
    attn_type: str = "sdpa"
    width_factor: int = 1

    def update_from_config(self, config) -> None:
        self.max_seq_len = config.training.seq_len
)";

CheckoutFlavors llama(const std::string& init) { return read_flavors("llama3", init, {llama_args}); }

std::string reason(const std::string& call) {
  const CheckoutFlavors found = llama("llama3_args = {\"mine\": " + call + "}\n");
  if (!found.known.empty()) return "known";
  return found.unknown.empty() ? "absent" : found.unknown[0].reason;
}

TEST(CheckoutFlavors, ReadTheCallsOfADict) {
  const CheckoutFlavors found = llama(R"(
llama3_args = {
    "8B": TransformerModelArgs(
        dim=4096,
        n_layers=32,
        n_heads=32,
        n_kv_heads=8,
        ffn_dim_multiplier=1.3,
        multiple_of=1024,
        norm_eps=1e-5,
    ),
    # ours
    "8B_wide": TransformerModelArgs(n_kv_heads=8, ffn_dim_multiplier=1.3, multiple_of=1024, attn_type="flex"),
}
llama3_args["tiny"] = TransformerModelArgs(dim=256, n_layers=6, n_heads=16, vocab_size=2048)
)");
  ASSERT_EQ(found.known.size(), 3U);
  EXPECT_TRUE(found.unknown.empty());
  EXPECT_EQ(found.known[0], find_architecture(Era::v0_2_2, "llama3", "8B"));
  EXPECT_EQ(found.known[1].attention, "flex");
  EXPECT_EQ(count_parameters(found.known[1])->total, 8'030'261'248);
  EXPECT_EQ(count_parameters(found.known[2])->total, 6'163'712);
}

TEST(CheckoutFlavors, ThatCannotBeReadAreUnknownAndSayWhy) {
  EXPECT_EQ(reason("TransformerModelArgs(dim=4096)"), "known");
  EXPECT_EQ(reason("TransformerModelArgs(dim=int(WIDTH))"), "dim is not a number that can be read");
  EXPECT_EQ(reason("TransformerModelArgs(4096)"), "it is not built from named arguments alone");
  EXPECT_EQ(reason("TransformerModelArgs(**common)"), "it is not built from named arguments alone");
  EXPECT_EQ(reason("TransformerModelArgs(width_factor=2)"), "what width_factor does is not known");
  EXPECT_EQ(reason("TransformerModelArgs(head_dim=64)"), "its class has no head_dim");
  EXPECT_EQ(reason("MyArgs(dim=4096)"), "there is no class MyArgs to read");
  EXPECT_EQ(reason("TransformerModelArgs(dim=0)"), "dim = 0 makes no model");
  EXPECT_EQ(reason("TransformerModelArgs(dim=64) if big else small"),
            "it is neither a call nor a function that can be read");
}

TEST(CheckoutFlavors, FollowConstants) {
  const CheckoutFlavors found =
      llama("WIDTH = 1024 * 2\nllama3_configs = {\"a\": TransformerModelArgs(dim=WIDTH, n_heads=16)}\n");
  ASSERT_EQ(found.known.size(), 1U);
  EXPECT_EQ(found.known[0].hidden_size, 2048);
  EXPECT_EQ(found.known[0].head_dim, 128);
  EXPECT_EQ(found.known[0].ffn_size, 5632);  // int(2 * 8192 / 3) = 5461, up to a multiple of 256
}

TEST(CheckoutFlavors, OfATokenizersVocabularyHaveNone) {
  const CheckoutFlavors found = read_flavors("llama3", "llama3_configs = {\"8B\": ModelArgs(dim=4096)}\n", {R"(
class ModelArgs:
    dim: int = 4096
    n_layers: int = 32
    n_heads: int = 32
    n_kv_heads: Optional[int] = None
    vocab_size: int = -1  # defined later by tokenizer
    multiple_of: int = 256
    ffn_dim_multiplier: Optional[float] = None
    max_seq_len: int = 2048
)"});
  ASSERT_EQ(found.known.size(), 1U);
  EXPECT_EQ(found.known[0].vocab_size, std::nullopt);
  EXPECT_EQ(found.known[0].max_seq_len, std::nullopt);
}

TEST(CheckoutFlavors, ReadExpertsAndTheirDefaults) {
  constexpr const char* init = R"(
llama4_args = {
    "debugmodel": TransformerModelArgs(dim=256, n_layers=6, n_heads=16, vocab_size=2048),
    "17bx128e": TransformerModelArgs(
        dim=5120, n_layers=48, n_heads=40, n_kv_heads=8, ffn_dim_multiplier=1.2, multiple_of=2048,
        moe_args=MoEArgs(num_experts=128),
    ),
}
)";
  constexpr const char* args = R"(
class TransformerModelArgs(BaseModelArgs):
    dim: int = 4096
    n_layers: int = 32
    n_heads: int = 32
    n_kv_heads: int | None = None
    vocab_size: int = 202048
    multiple_of: int = 256
    ffn_dim_multiplier: float | None = None
    max_seq_len: int = 1048576
    attn_type: str = "sdpa"
    moe_args: MoEArgs = field(default_factory=MoEArgs)
    auto_scale_hidden_dim: bool = True
    interleave_moe_layer_step: int = 2
)";
  constexpr const char* moe =
      "class MoEArgs:\n    num_experts: int = 8\n    num_shared_experts: int = 1\n    top_k: int = 1\n";
  const CheckoutFlavors found = read_flavors("llama4", init, {moe, args});
  ASSERT_EQ(found.known.size(), 2U);
  EXPECT_EQ(found.known[0], find_architecture(Era::v0_2_2, "llama4", "debugmodel"));
  EXPECT_EQ(found.known[1], find_architecture(Era::v0_2_2, "llama4", "17bx128e"));
}

// The shape of 0.3.0: a dict of functions.
TEST(CheckoutFlavors, FollowTheFunctionsOfTheRegistry) {
  const CheckoutFlavors found = read_flavors("llama3", R"(
def _build_llama3_layers(*, n_layers: int, dim: int, n_heads: int, hidden_dim: int, n_kv_heads: int | None = None):
    layers = []
    for layer_id in range(n_layers):
        layers.append(Block())
    return layers

def _8b(attn_backend: str) -> Llama3Model.Config:
    dim = 4096
    n_heads = 32
    vocab_size = 128256
    return Llama3Model.Config(
        dim=dim,
        vocab_size=vocab_size,
        tok_embeddings=Embedding.Config(num_embeddings=vocab_size, embedding_dim=dim),
        layers=_build_llama3_layers(
            n_layers=32, dim=dim, n_heads=n_heads, n_kv_heads=8,
            hidden_dim=compute_ffn_hidden_dim(dim, multiple_of=1024, ffn_dim_multiplier=1.3),
            rope=ComplexRoPE.Config(dim=dim // n_heads, max_seq_len=131072, scaling="llama"),
            attn_backend=attn_backend,
        ),
    )

def _odd(attn_backend: str):
    config = _8b(attn_backend)
    config.layers = []
    return config

def _other(attn_backend: str):
    return Llama3Model.Config(dim=64, vocab_size=2048, layers=_my_layers(n_layers=2))

llama3_configs = {"8B": _8b, "odd": _odd, "other": _other}
)",
                                             {});
  ASSERT_EQ(found.known.size(), 1U);
  EXPECT_EQ(found.known[0], find_architecture(Era::v0_3_0, "llama3", "8B"));
  ASSERT_EQ(found.unknown.size(), 2U);
  EXPECT_EQ(found.unknown[0].flavor, "odd");
  EXPECT_EQ(found.unknown[0].reason, "what its function returns cannot be read");
  EXPECT_EQ(found.unknown[1].reason, "how its layers are built is not known");
}

TEST(CheckoutFlavors, OfAFolderBecomeTheUsersOwn) {
  const test::TempFolder root;
  root.write("torchtitan/models/llama3/model/args.py", llama_args);
  root.write("torchtitan/models/llama3/__init__.py", R"(
llama3_args = {
    "70B": TransformerModelArgs(
        dim=8192, n_layers=80, n_heads=64, n_kv_heads=8, ffn_dim_multiplier=1.3, multiple_of=4096),
    "8B": TransformerModelArgs(dim=4096, n_layers=36, n_heads=32, n_kv_heads=8),
    "9B": TransformerModelArgs(dim=4096, n_layers=40, n_heads=32, n_kv_heads=8),
    "405B": TransformerModelArgs(dim=size()),
}
)");
  Architectures mine;
  add_flavors(load_checkout_flavors(root.path()), Era::v0_2_2, mine);
  EXPECT_EQ(mine.find(Era::v0_2_2, "llama3", "70B"), find_shipped_architecture(Era::v0_2_2, "llama3", "70B"));
  EXPECT_EQ(mine.find(Era::v0_2_2, "llama3", "8B")->layers, 36);
  EXPECT_EQ(mine.find(Era::v0_2_2, "llama3", "9B")->layers, 40);
  EXPECT_EQ(mine.find(Era::v0_2_2, "llama3", "405B"), nullptr);
  EXPECT_EQ(mine.find(Era::v0_2_2, "qwen3", "8B")->layers, 36);
}

TEST(CheckoutFlavors, OfAFolderThatIsNoCheckoutAreNone) {
  const test::TempFolder root;
  const CheckoutFlavors found = load_checkout_flavors(root.path());
  EXPECT_TRUE(found.known.empty());
  EXPECT_TRUE(found.unknown.empty());
}

}  // namespace
}  // namespace tt::titan
