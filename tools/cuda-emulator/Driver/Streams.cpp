// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Streams, events and graphs. All is executed when it is enqueued.
#include "State.h"

#include <chrono>

using namespace ptx;

/// For what gives back: works after a failure too, and returns it.
template <class Handle>
static CUresult destroy(std::set<Handle> &all, Handle handle) {
  Call call(false);
  if (call.error == CUDA_ERROR_NOT_INITIALIZED)
    return call.error;
  if (!all.erase(handle))
    return CUDA_ERROR_INVALID_HANDLE;
  delete handle;
  return call.error;
}

EMULATED cuStreamCreate(CUstream *stream, unsigned flags) {
  Call call;
  if (!call)
    return call.error;
  if (!stream || flags > CU_STREAM_NON_BLOCKING)
    return CUDA_ERROR_INVALID_VALUE;
  *stream = new CUstream_st{call.context};
  state().streams.insert(*stream);
  return CUDA_SUCCESS;
}

EMULATED cuStreamDestroy_v2(CUstream stream) { return destroy(state().streams, stream); }

EMULATED cuStreamSynchronize(CUstream stream) {
  Call call;
  if (!call)
    return call.error;
  if (!stream)
    return unlessCapturing();
  if (!state().streams.count(stream))
    return CUDA_ERROR_INVALID_HANDLE;
  if (!stream->capture)
    return CUDA_SUCCESS;
  stream->invalid = true;
  return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
}

EMULATED cuStreamQuery(CUstream stream) { return cuStreamSynchronize(stream); }

EMULATED cuStreamBeginCapture_v2(CUstream stream, int mode) {
  Call call;
  if (!call)
    return call.error;
  if (mode < CU_STREAM_CAPTURE_MODE_GLOBAL || mode > CU_STREAM_CAPTURE_MODE_RELAXED)
    return CUDA_ERROR_INVALID_VALUE;
  if (!stream) // the legacy stream
    return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
  if (!state().streams.count(stream))
    return CUDA_ERROR_INVALID_HANDLE;
  if (stream->capture)
    return CUDA_ERROR_ILLEGAL_STATE;
  stream->capture = new CUgraph_st;
  stream->mode = mode;
  stream->capturer = std::this_thread::get_id();
  stream->invalid = false;
  return CUDA_SUCCESS;
}

EMULATED cuStreamEndCapture(CUstream stream, CUgraph *graph) {
  Call call;
  if (!call)
    return call.error;
  if (!stream || !state().streams.count(stream) || !stream->capture)
    return CUDA_ERROR_ILLEGAL_STATE;
  CUgraph made = stream->capture;
  stream->capture = nullptr;
  if (graph)
    *graph = nullptr;
  if (stream->invalid || !graph) {
    delete made;
    return stream->invalid ? CUDA_ERROR_STREAM_CAPTURE_INVALIDATED : CUDA_ERROR_INVALID_VALUE;
  }
  state().graphs.insert(made);
  *graph = made;
  return CUDA_SUCCESS;
}

EMULATED cuGraphInstantiateWithFlags(CUgraphExec *executable, CUgraph graph, unsigned long long) {
  Call call;
  if (!call)
    return call.error;
  if (!executable)
    return CUDA_ERROR_INVALID_VALUE;
  if (!state().graphs.count(graph))
    return CUDA_ERROR_INVALID_HANDLE;
  *executable = new CUgraphExec_st{call.context, graph->operations};
  state().executables.insert(*executable);
  return CUDA_SUCCESS;
}

EMULATED cuGraphInstantiate_v2(CUgraphExec *executable, CUgraph graph, CUgraphNode *, char *log, size_t bytes) {
  if (log && bytes)
    *log = 0;
  return cuGraphInstantiateWithFlags(executable, graph, 0);
}

EMULATED cuGraphInstantiate(CUgraphExec *executable, CUgraph graph, CUgraphNode *node, char *log, size_t bytes) {
  return cuGraphInstantiate_v2(executable, graph, node, log, bytes);
}

EMULATED cuGraphLaunch(CUgraphExec executable, CUstream stream) {
  Call call;
  if (!call)
    return call.error;
  if (!state().executables.count(executable) || (stream && !state().streams.count(stream)))
    return CUDA_ERROR_INVALID_HANDLE;
  for (const Operation &operation : executable->operations) {
    if (CUresult error = enqueue(executable->context, stream, operation))
      return error;
    if (executable->context->error)
      break; // what follows a kernel that failed is not executed
  }
  return CUDA_SUCCESS;
}

EMULATED cuGraphExecDestroy(CUgraphExec executable) { return destroy(state().executables, executable); }
EMULATED cuGraphDestroy(CUgraph graph) { return destroy(state().graphs, graph); }

// Events: they tell the time that the emulation takes.

EMULATED cuEventCreate(CUevent *event, unsigned) {
  Call call;
  if (!call)
    return call.error;
  if (!event)
    return CUDA_ERROR_INVALID_VALUE;
  *event = new CUevent_st{call.context};
  state().events.insert(*event);
  return CUDA_SUCCESS;
}

EMULATED cuEventRecord(CUevent event, CUstream stream) {
  Call call;
  if (!call)
    return call.error;
  if (!state().events.count(event) || (stream && !state().streams.count(stream)))
    return CUDA_ERROR_INVALID_HANDLE;
  auto now = std::chrono::steady_clock::now().time_since_epoch();
  event->milliseconds = std::chrono::duration<double, std::milli>(now).count();
  event->recorded = true;
  return CUDA_SUCCESS;
}

EMULATED cuEventSynchronize(CUevent event) {
  Call call;
  if (!call)
    return call.error;
  return state().events.count(event) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE;
}

EMULATED cuEventQuery(CUevent event) { return cuEventSynchronize(event); }

EMULATED cuStreamWaitEvent(CUstream stream, CUevent event, unsigned) {
  Call call;
  if (!call)
    return call.error;
  bool known = state().events.count(event) && (!stream || state().streams.count(stream));
  return known ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE;
}

EMULATED cuEventElapsedTime(float *milliseconds, CUevent begin, CUevent end) {
  Call call;
  if (!call)
    return call.error;
  if (!milliseconds)
    return CUDA_ERROR_INVALID_VALUE;
  if (!state().events.count(begin) || !state().events.count(end) || !begin->recorded || !end->recorded)
    return CUDA_ERROR_INVALID_HANDLE;
  *milliseconds = float(end->milliseconds - begin->milliseconds);
  return CUDA_SUCCESS;
}

EMULATED cuEventDestroy_v2(CUevent event) { return destroy(state().events, event); }
