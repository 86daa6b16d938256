// What is said of files of other kinds.

#include "data/files/file_kind.h"

#include <gtest/gtest.h>

namespace robmask {
namespace {

TEST(FileKinds, OfPyTorchAreConvertedByACommandThatNamesBothFiles) {
  const std::string script = "tools/convert/pt_to_safetensors.py ";
  for (const std::string end : {".pt", ".pth", ".pth.tar", ".ckpt", ".bin"})
    EXPECT_EQ(conversion_of("runs/a-1" + end), script + "runs/a-1" + end + " runs/a-1.safetensors");
  EXPECT_EQ(conversion_of("weights"), script + "weights weights.safetensors");
  EXPECT_EQ(conversion_of(".pt"), script + ".pt .pt.safetensors");
  EXPECT_EQ(conversion_of("my model's.pt"),
            script + R"('my model'\''s.pt' 'my model'\''s.safetensors')");
}

TEST(FileKinds, SayWhichMayBePyTorchs) {
  EXPECT_TRUE(kind_of("PK\3\4 and so on").may_be_torchs);
  EXPECT_TRUE(kind_of("\x80\2 and so on").may_be_torchs);
  EXPECT_FALSE(kind_of("GIF89a").may_be_torchs);
  EXPECT_EQ(kind_of("").words, "");
}

}  // namespace
}  // namespace robmask
