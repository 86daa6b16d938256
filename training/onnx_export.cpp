#include "training/onnx_export.h"

#include "engine/backend.h"
#include "engine/version.h"
#include "training/onnx_trace.h"

namespace robmask {

onnx::Graph onnx_graph(const LoadedModel& from, std::optional<double> mask, Index image_size) {
  if (mask) {
    from.model->check_mask(*mask);
    onnx::Graph graph = onnx_graph(export_mask(from, *mask), {}, image_size);
    graph.metadata["mask"] = fmt::to_string(*mask);
    return graph;
  }
  const Model& model = *from.model;
  const Variable images(Tensor(model.machine(), {1, image_size, image_size, 3}, model.dtype()));
  model.machine().fill(images.value(), 0);
  OnnxTrace trace(model, images);
  onnx::Graph graph = trace.graph(model.logits(images, model.eval(1, 0)));
  graph.metadata = metadata_of(from.info);
  graph.metadata["version"] = version;
  // The graph normalizes pixels itself, and is no checkpoint of a run.
  for (const char* key : {"mean", "std", "generation"}) graph.metadata.erase(key);
  return graph;
}

}  // namespace robmask
