#include "data/onnx/unknown_fields.h"

#ifdef ROBMASK_ONNX

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format.h>

namespace robmask::onnx {

namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::internal::WireFormat;
using google::protobuf::internal::WireFormatLite;

class Counter {
 public:
  explicit Counter(google::protobuf::io::CodedInputStream& from) : from_(from) {}

  std::size_t count() const { return count_; }

  /// Of a message up to the stream's limit; false where the rest cannot be read.
  bool read(const Descriptor& message, int depth) {
    int groups = 0;  // that are open: in them nothing is known
    while (const std::uint32_t tag = from_.ReadTag()) {
      const auto type = WireFormatLite::GetTagWireType(tag);
      if (type == WireFormatLite::WIRETYPE_START_GROUP) ++groups;
      const FieldDescriptor* field =
          groups > 0 ? nullptr : message.FindFieldByNumber(WireFormatLite::GetTagFieldNumber(tag));
      if (type == WireFormatLite::WIRETYPE_END_GROUP) {
        if (--groups < 0) return false;
      } else if (field == nullptr || !fits(*field, type)) {
        ++count_;
        if (type != WireFormatLite::WIRETYPE_START_GROUP && !WireFormatLite::SkipField(&from_, tag))
          return false;
      } else if (!read_known(*field, tag, depth)) {
        return false;
      }
    }
    return groups == 0 && from_.ConsumedEntireMessage();
  }

 private:
  static bool fits(const FieldDescriptor& field, WireFormatLite::WireType type) {
    return type == WireFormat::WireTypeForFieldType(field.type()) ||
           (field.is_packable() && type == WireFormatLite::WIRETYPE_LENGTH_DELIMITED);
  }

  bool read_known(const FieldDescriptor& field, std::uint32_t tag, int depth) {
    if (field.enum_type() != nullptr) {
      std::uint64_t value = 0;
      if (!from_.ReadVarint64(&value)) return false;
      count_ += field.enum_type()->FindValueByNumber(static_cast<int>(value)) == nullptr;
      return true;
    }
    if (field.message_type() == nullptr) return WireFormatLite::SkipField(&from_, tag);
    int size = 0;
    if (depth == 0 || !from_.ReadVarintSizeAsInt(&size)) return false;
    const auto limit = from_.PushLimit(size);
    const bool whole = read(*field.message_type(), depth - 1);
    from_.PopLimit(limit);
    return whole;
  }

  google::protobuf::io::CodedInputStream& from_;
  std::size_t count_ = 0;
};

}  // namespace

std::size_t memory_of_unknown_fields(std::string_view model) {
  constexpr int deepest = 100;  // of messages in each other, as protobuf has it
  constexpr std::size_t memory_each =
      96;  // an entry of a list that doubles, a text, their overhead
  google::protobuf::io::CodedInputStream stream(reinterpret_cast<const std::uint8_t*>(model.data()),
                                                static_cast<int>(model.size()));
  Counter counter(stream);
  counter.read(*::onnx::ModelProto::descriptor(), deepest);
  return memory_each * counter.count();
}

}  // namespace robmask::onnx

#endif
