#include "tt/site/machine.hpp"

#include <gtest/gtest.h>

#include "support/temp_folder.hpp"
#include "tt/site/profile.hpp"

namespace tt::site {
namespace {

using Gpus = std::vector<int>;

class MachineWithGpus : public testing::Test {
 protected:
  MachineWithGpus() {
    for (const char* name : {"nvidia0", "nvidia1", "nvidia2", "nvidia10", "nvidiactl", "nvidia-uvm", "null"}) {
      root_.write(std::string("dev/") + name, "");
    }
    root_.write("proc/driver/nvidia/gpus/0000:01:00.0/information",
                "Model: \t\t NVIDIA H100\nIRQ:   \t\t 120\nGPU UUID: \t GPU-aaaa-1111\nDevice Minor: \t 2\n");
    root_.write("proc/driver/nvidia/gpus/0000:02:00.0/information", "GPU UUID: \t GPU-bbbb-2222\nDevice Minor: \t 0\n");
  }
  Gpus visible(const std::string& words) const {
    Environment environment;
    environment.set("CUDA_VISIBLE_DEVICES", words);
    return find_gpus(root_.path(), environment);
  }
  test::TempFolder root_;
};

TEST_F(MachineWithGpus, CountsTheDevicesAndNothingElse) {
  EXPECT_EQ(find_gpus(root_.path(), Environment()), (Gpus{0, 1, 2, 10}));
}

TEST_F(MachineWithGpus, TheVariableChoosesInItsOrder) {
  EXPECT_EQ(visible("2,0"), (Gpus{2, 0}));
  EXPECT_EQ(visible(" 10 "), Gpus{10});
}

TEST_F(MachineWithGpus, AnEmptyVariableOrMinusOneMeansNone) {
  EXPECT_EQ(visible(""), Gpus{});
  EXPECT_EQ(visible("-1"), Gpus{});
}

TEST_F(MachineWithGpus, TheListEndsAtTheFirstEntryThatIsNoGpu) {
  EXPECT_EQ(visible("0,7,1"), Gpus{0});
  EXPECT_EQ(visible("1,what,0"), Gpus{1});
}

TEST_F(MachineWithGpus, UuidsAndTheirBeginningsAreUnderstood) {
  EXPECT_EQ(visible("GPU-bbbb-2222,GPU-aaaa"), (Gpus{0, 2}));
  EXPECT_EQ(visible("GPU-cccc,0"), Gpus{});
}

TEST(MachineFacts, AMachineWithoutDevicesHasNone) {
  test::TempFolder root;
  EXPECT_EQ(find_gpus(root.path(), Environment()), Gpus{});
}

TEST(MachineFacts, ThisMachineHasAtLeastOneCpu) { EXPECT_GE(look_at_machine(Environment()).cpus, 1); }

TEST(MachineFacts, TheProfilesNumberCountsThenTheMachinesThenTheSlots) {
  Profile profile;
  profile.slots = 4;
  EXPECT_EQ(gpus_per_node(profile, Machine{{0, 1}, 8}), 2);
  EXPECT_EQ(gpus_per_node(profile, Machine{{}, 8}), 4);
  profile.gpus_per_node = 8;
  EXPECT_EQ(gpus_per_node(profile, Machine{{0, 1}, 8}), 8);
  EXPECT_EQ(gpus_per_node(Profile{}, Machine{{}, 8}), 1);
}

}  // namespace
}  // namespace tt::site
