// Cursors: opened by plan.cursor, then fetched, moved, closed.
#include "spi_internal.h"

#include <cstdlib>
#include <cstring>

namespace plv8 {

namespace {

// The open portal of a cursor object. Null after a JavaScript exception.
Portal portal_of(Callback info) {
  Local<Value> field = internal_value(info.This());
  if (!field->IsString()) {
    throw_error(ERRCODE_INVALID_CURSOR_NAME, "this is no cursor");
    return nullptr;
  }
  std::string name = server_text(info.GetIsolate(), field);
  Portal portal = SPI_cursor_find(name.c_str());
  if (portal == nullptr) throw_format(ERRCODE_INVALID_CURSOR_NAME, "cursor \"%s\" does not exist", name.c_str());
  return portal;
}

// Rows to fetch or move, negative for backward. Returns false after a JavaScript exception.
bool row_count(Callback info, long *count) {
  *count = 1;
  if (info.Length() == 0 || info[0]->IsUndefined()) return true;
  double number;
  if (!info[0]->NumberValue(info.GetIsolate()->GetCurrentContext()).To(&number)) return false;
  if (!(number >= -1e15 && number <= 1e15)) {
    throw_error(ERRCODE_INVALID_PARAMETER_VALUE, "expected a number of rows");
    return false;
  }
  *count = static_cast<long>(number);
  return true;
}

}  // namespace

void plan_cursor(Callback info) {
  Frame *frame = current_frame;
  if (is_ending()) return;
  Plan *plan = plan_of(info);
  bool ok = true;
  if (plan == nullptr || !connect_spi(frame)) return;
  std::vector<Local<Value>> values = statement_arguments(info, 0, &ok);
  ScratchMemory scratch(frame);
  if (!ok || !scratch.ok()) return;
  Portal portal = nullptr;
  BusyPlan busy(plan);
  ok = in_savepoint(frame, [&] {
    ParamListInfo parameters = nullptr;
    if (!bind_parameters(plan, values, &parameters)) return false;
    return fail_with(run_postgres(
        [&] { portal = SPI_cursor_open_with_paramlist(nullptr, plan->spi, parameters, frame->read_only); }));
  });
  if (!ok) return;
  Isolate *isolate = info.GetIsolate();
  Local<Object> cursor;
  Local<v8::String> name;
  if (!frame->runtime->cursor_template.Get(isolate)
           ->InstanceTemplate()
           ->NewInstance(isolate->GetCurrentContext())
           .ToLocal(&cursor) ||
      !text_to_js(portal->name, strlen(portal->name)).ToLocal(&name))
    return;
  cursor->SetInternalField(0, name);
  info.GetReturnValue().Set(cursor);
}

void cursor_fetch(Callback info) {
  Frame *frame = current_frame;
  long count;
  if (is_ending() || !row_count(info, &count) || !connect_spi(frame)) return;
  Portal portal = portal_of(info);
  ScratchMemory scratch(frame);
  if (portal == nullptr || !scratch.ok()) return;
  Local<Value> result;
  bool ok = in_savepoint(frame, [&] {
    return fail_with(run_postgres([&] { SPI_cursor_fetch(portal, count >= 0, std::labs(count)); })) &&
           statement_result(0, &result);
  });
  if (!ok || !result->IsArray()) return;
  // Without a number: the row itself, and undefined after the last.
  Local<v8::Array> rows = result.As<v8::Array>();
  if (info.Length() > 0 && !info[0]->IsUndefined()) {
    if (rows->Length() > 0) info.GetReturnValue().Set(rows);
  } else if (rows->Get(info.GetIsolate()->GetCurrentContext(), 0).ToLocal(&result)) {
    info.GetReturnValue().Set(result);
  }
}

void cursor_move(Callback info) {
  Frame *frame = current_frame;
  long count;
  if (is_ending() || !row_count(info, &count) || !connect_spi(frame)) return;
  Portal portal = portal_of(info);
  ScratchMemory scratch(frame);
  if (portal == nullptr || !scratch.ok()) return;
  in_savepoint(frame, [&] {
    return fail_with(run_postgres([&] { SPI_cursor_move(portal, count >= 0, std::labs(count)); }));
  });
}

void cursor_close(Callback info) {
  Frame *frame = current_frame;
  if (is_ending() || !connect_spi(frame)) return;
  Portal portal = portal_of(info);
  if (portal == nullptr) return;
  in_savepoint(frame, [&] { return fail_with(run_postgres([&] { SPI_cursor_close(portal); })); });
}

}  // namespace plv8
