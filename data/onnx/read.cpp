#include <algorithm>
#include <cstring>
#include <set>

#include "data/files/file_kind.h"
#include "data/onnx/external_data.h"
#include "data/onnx/protobuf.h"
#include "data/onnx/unknown_fields.h"

#ifdef ROBMASK_ONNX
#include <google/protobuf/arena.h>
#endif

namespace robmask::onnx {

#ifdef ROBMASK_ONNX

namespace {

using ::onnx::AttributeProto;
using ::onnx::ModelProto;
using ::onnx::NodeProto;
using ::onnx::TensorProto;
using ::onnx::ValueInfoProto;

// ---- memory -----------------------------------------------------------------------------------

/// Two bytes of a file are enough for a message of hundreds in memory.
struct TooMuchMemory {};
thread_local std::size_t memory_left;

void take_memory(std::size_t bytes) {
  if (bytes > memory_left) throw TooMuchMemory();
  memory_left -= bytes;
}
void* allocate_some(std::size_t bytes) {
  take_memory(bytes);
  return ::operator new(bytes);
}
void release_some(void* memory, std::size_t) { ::operator delete(memory); }

/// What messages of a file of so many bytes are made in.
google::protobuf::ArenaOptions bounded_arena(std::uint64_t size) {
  constexpr std::size_t least = 1 << 20;
  memory_left = std::max<std::size_t>(least, 16 * size);
  google::protobuf::ArenaOptions options;
  options.block_alloc = allocate_some;
  options.block_dealloc = release_some;
  return options;
}

// ---- tensors ----------------------------------------------------------------------------------

/// Numbers that stand as a list, in `Stored`, each converted.
template <class Stored, class List>
void append_as(std::vector<std::byte>& data, const List& list) {
  for (const auto number : list) {
    const auto stored = static_cast<Stored>(number);
    const auto bytes = std::as_bytes(std::span(&stored, 1));
    data.insert(data.end(), bytes.begin(), bytes.end());
  }
}

/// The numbers of a tensor that has no raw bytes: ONNX puts small types into wider lists.
std::vector<std::byte> listed_data(const TensorProto& t, ElementType type) {
  std::vector<std::byte> data;
  switch (type) {
    case ElementType::f32: append_as<float>(data, t.float_data()); break;
    case ElementType::f64: append_as<double>(data, t.double_data()); break;
    case ElementType::i64: append_as<std::int64_t>(data, t.int64_data()); break;
    case ElementType::u64: append_as<std::uint64_t>(data, t.uint64_data()); break;
    case ElementType::u32: append_as<std::uint32_t>(data, t.uint64_data()); break;
    default:
      switch (bits_of(type)) {
        case 8: append_as<std::uint8_t>(data, t.int32_data()); break;
        case 16: append_as<std::uint16_t>(data, t.int32_data()); break;
        default: append_as<std::int32_t>(data, t.int32_data());
      }
  }
  return data;
}

class Reader {
 public:
  explicit Reader(const Path& path) : file_(path), beside_(path) { graph_.source = path.string(); }

  Graph read() {
    constexpr std::uint64_t most = (std::uint64_t{1} << 31) - 1;
    require(file_.size() <= most,
            "{}: expected at most 2 GB, as protobuf has it, got {} bytes: keep the weights in a "
            "file beside the graph (ONNX's external data)",
            source(), file_.size());
    google::protobuf::SetLogHandler(nullptr);
    google::protobuf::Arena arena(bounded_arena(file_.size()));
    auto& model = *google::protobuf::Arena::CreateMessage<ModelProto>(&arena);
    parse(model);
    read_opset(model);
    for (const auto& entry : model.metadata_props()) graph_.metadata[entry.key()] = entry.value();
    read_tensors(*model.mutable_graph());
    for (const ValueInfoProto& input : model.graph().input())
      if (!graph_.tensors.contains(input.name())) graph_.inputs.push_back(port(input));
    for (const ValueInfoProto& output : model.graph().output())
      graph_.outputs.push_back(port(output));
    for (const NodeProto& node : model.graph().node()) graph_.nodes.push_back(node_of(node));
    check_order();
    graph_.beside = beside_.files();
    return std::move(graph_);
  }

 private:
  const std::string& source() const { return graph_.source; }

  void parse(ModelProto& model) const {
    const std::string_view kind = kind_of(file_.head(telling_bytes)).words;
    require(kind.empty(), "{}: expected an ONNX model, got {}", source(), kind);
    bool parsed = false;
    try {
      const std::string bytes = file_.read(0, file_.size());
      take_memory(memory_of_unknown_fields(bytes));
      parsed = model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
    } catch (const TooMuchMemory&) {
      throw InputError(
          fmt::format("{}: expected an ONNX model, got messages that take more than 16 "
                      "times the memory of their file: a damaged or hostile file",
                      source()));
    }
    require(parsed && model.has_graph() && model.graph().node_size() > 0,
            "{}: expected an ONNX model, got {} bytes that are none: was the file cut short?",
            source(), file_.size());
    require(model.training_info_size() == 0 && model.graph().sparse_initializer_size() == 0,
            "{}: training graphs and sparse tensors are not supported: export the model for "
            "inference",
            source());
  }

  void read_opset(const ModelProto& model) {
    graph_.opset = 0;
    for (const auto& set : model.opset_import())
      if (set.domain().empty() || set.domain() == "ai.onnx") graph_.opset = set.version();
    require(oldest_opset <= graph_.opset && graph_.opset <= newest_opset,
            "{}: expected operators of opset {} to {}, got {}: export with another opset_version",
            source(), oldest_opset, newest_opset, graph_.opset);
  }

  void read_tensors(::onnx::GraphProto& graph) {
    for (TensorProto& t : *graph.mutable_initializer()) {
      const std::string name = t.name();
      require(graph_.tensors.emplace(name, tensor(t, "tensor " + printable(name))).second,
              "{}: tensor {} comes twice", source(), printable(name));
    }
  }

  HostTensor tensor(const TensorProto& t, const std::string& what) {
    const auto types = element_types();
    const auto type = std::ranges::find(types, t.data_type(), &TypePair::onnx);
    require(type != types.end(), "{}: {}: numbers of type {} are not supported", source(), what,
            ::onnx::TensorProto_DataType_IsValid(t.data_type())
                ? ::onnx::TensorProto_DataType_Name(t.data_type())
                : std::to_string(t.data_type()));
    require(!t.has_segment(), "{}: {}: tensors in segments are not supported", source(), what);
    HostTensor made{type->here, {t.dims().begin(), t.dims().end()}, {}};
    const auto bytes = byte_count(made.type, made.shape);
    require(bytes && made.shape.size() <= 8, "{}: {}: no tensor has the shape {}", source(), what,
            to_string(made.shape));
    if (t.data_location() == TensorProto::EXTERNAL) {
      made.data = beside_.read(t, *bytes, what);
    } else if (t.has_raw_data()) {
      const auto raw = std::as_bytes(std::span(t.raw_data()));
      made.data.assign(raw.begin(), raw.end());
    } else {
      made.data = listed_data(t, made.type);
    }
    require(made.data.size() == *bytes, "{}: {}: expected {} bytes for the shape {}, got {}",
            source(), what, *bytes, to_string(made.shape), made.data.size());
    return made;
  }

  Port port(const ValueInfoProto& info) const {
    Port port{info.name(), {}};
    require(info.type().has_tensor_type(), "{}: {}: expected a tensor, got another type", source(),
            printable(info.name()));
    for (const auto& size : info.type().tensor_type().shape().dim())
      port.shape.push_back(size.has_dim_value() && size.dim_value() > 0 ? size.dim_value()
                                                                        : open_size);
    return port;
  }

  Node node_of(const NodeProto& proto) {
    Node node{proto.name(),
              proto.op_type(),
              {proto.input().begin(), proto.input().end()},
              {proto.output().begin(), proto.output().end()}};
    require(proto.domain().empty() || proto.domain() == "ai.onnx",
            "{}: {}: operators of the domain {} are not supported", source(), describe(node),
            printable(proto.domain()));
    for (const AttributeProto& a : proto.attribute()) {
      const std::string what = fmt::format("{}, {}", describe(node), printable(a.name()));
      switch (a.type()) {
        case AttributeProto::INT: node.attributes[a.name()] = Index{a.i()}; break;
        case AttributeProto::FLOAT: node.attributes[a.name()] = double{a.f()}; break;
        case AttributeProto::STRING: node.attributes[a.name()] = a.s(); break;
        case AttributeProto::INTS:
          node.attributes[a.name()] = std::vector<Index>(a.ints().begin(), a.ints().end());
          break;
        case AttributeProto::FLOATS:
          node.attributes[a.name()] = std::vector<double>(a.floats().begin(), a.floats().end());
          break;
        case AttributeProto::TENSOR: node.attributes[a.name()] = tensor(a.t(), what); break;
        default: break;  // of operators that are not supported either
      }
    }
    return node;
  }

  /// Each value is made once, before it is read.
  void check_order() const {
    std::set<std::string> known, later;
    for (const auto& [name, tensor] : graph_.tensors) known.insert(name);
    for (const Port& input : graph_.inputs)
      require(known.insert(input.name).second, "{}: input {} comes twice", source(),
              printable(input.name));
    for (const Node& node : graph_.nodes) later.insert(node.outputs.begin(), node.outputs.end());
    for (const Node& node : graph_.nodes) {
      for (const std::string& name : node.inputs)
        require(name.empty() || known.contains(name), "{}: {}: its input {} is {}", source(),
                describe(node), printable(name),
                later.contains(name) ? "made by a later node: the graph has a cycle or is not in "
                                       "order"
                                     : "defined nowhere");
      for (const std::string& name : node.outputs)
        require(name.empty() || known.insert(name).second, "{}: {}: its output {} is there already",
                source(), describe(node), printable(name));
    }
    for (const Port& output : graph_.outputs)
      require(known.contains(output.name), "{}: output {} is defined nowhere", source(),
              printable(output.name));
  }

  Graph graph_;
  InputFile file_;
  ExternalData beside_;
};

}  // namespace

bool is_built_in() { return true; }
Graph read(const Path& path) { return Reader(path).read(); }

#else

bool is_built_in() { return false; }
Graph read(const Path&) { throw_not_built_in(); }

#endif

}  // namespace robmask::onnx
