#include "trigger.h"

#include <cstring>

#include "errors.h"
#include "rows.h"

namespace plv8 {

namespace {

Local<Value> js_text(Isolate *isolate, const char *text) {
  Local<v8::String> string;
  if (text == nullptr || !text_to_js(text, strlen(text)).ToLocal(&string)) return v8::Null(isolate);
  return string;
}

const char *timing(TriggerEvent event) {
  if (TRIGGER_FIRED_BEFORE(event)) return "BEFORE";
  return TRIGGER_FIRED_INSTEAD(event) ? "INSTEAD OF" : "AFTER";
}

const char *operation(TriggerEvent event) {
  if (TRIGGER_FIRED_BY_INSERT(event)) return "INSERT";
  if (TRIGGER_FIRED_BY_UPDATE(event)) return "UPDATE";
  return TRIGGER_FIRED_BY_DELETE(event) ? "DELETE" : "TRUNCATE";
}

// What a column's value was when the trigger began. A column that still has it keeps its exact SQL value: numeric
// and timestamps are wider than their JavaScript forms.
struct Original {
  Local<Value> value;
  double time = 0;  // of a Date, which may be changed in place
};

bool remember(TupleDesc desc, Local<Object> row, std::vector<Original> *originals) {
  Local<Context> context = Isolate::GetCurrent()->GetCurrentContext();
  for (int i = 0; i < desc->natts; ++i) {
    Original original;
    Form_pg_attribute column = attribute(desc, i);
    if (!column->attisdropped) {
      if (!row->Get(context, js_text(Isolate::GetCurrent(), NameStr(column->attname))).ToLocal(&original.value))
        return false;
      if (original.value->IsDate()) original.time = original.value.As<v8::Date>()->ValueOf();
    }
    originals->push_back(original);
  }
  return true;
}

bool is_unchanged(const Original &original, Local<Value> now) {
  if (!now->StrictEquals(original.value)) return false;
  if (now->IsDate()) return now.As<v8::Date>()->ValueOf() == original.time;
  return !now->IsObject();  // anything else with properties may have been changed in place
}

bool row_to_tuple(TupleDesc desc, HeapTuple base, const std::vector<Original> &originals, Local<Value> value,
                  HeapTuple *result) {
  if (!value->IsObject() || value->IsFunction()) {
    throw_error(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED, "a trigger function returns a row object, null or nothing");
    return false;
  }
  Isolate *isolate = Isolate::GetCurrent();
  Local<Context> context = isolate->GetCurrentContext();
  auto natts = static_cast<size_t>(desc->natts);
  auto *values = static_cast<Datum *>(js_palloc(natts * sizeof(Datum) + 1));
  auto *nulls = values == nullptr ? nullptr : static_cast<bool *>(js_palloc(natts + 1));
  if (nulls == nullptr) return false;
  heap_deform_tuple(base, desc, values, nulls);
  for (int i = 0; i < desc->natts; ++i) {
    Form_pg_attribute column = attribute(desc, i);
    if (column->attisdropped) continue;
    Local<Value> field;
    if (!value.As<Object>()->Get(context, js_text(isolate, NameStr(column->attname))).ToLocal(&field)) return false;
    if (is_unchanged(originals[static_cast<size_t>(i)], field)) continue;
    TypeInfo *type = js_type_info(column->atttypid);
    if (type == nullptr || !nullable_to_datum(type, column->atttypmod, field, &values[i], &nulls[i])) return false;
  }
  ErrorData *error = pg_try([&] { *result = heap_form_tuple(desc, values, nulls); });
  if (error != nullptr) throw_postgres_error(error, Catchable::no);
  return error == nullptr;
}

Local<Value> trigger_arguments(Isolate *isolate, Trigger *trigger) {
  std::vector<Local<Value>> arguments;
  for (int i = 0; i < trigger->tgnargs; ++i) arguments.push_back(js_text(isolate, trigger->tgargs[i]));
  return v8::Array::New(isolate, arguments.data(), arguments.size());
}

}  // namespace

bool run_trigger(Frame *frame, CallSite *site, FunctionCallInfo fcinfo, Datum *result) {
  if (!CALLED_AS_TRIGGER(fcinfo)) {
    throw_error(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED, "trigger functions can only be called as triggers");
    return false;
  }
  auto *data = reinterpret_cast<TriggerData *>(fcinfo->context);
  frame->trigger = data;
  Isolate *isolate = frame->runtime->isolate;
  TriggerEvent event = data->tg_event;
  TupleDesc desc = data->tg_relation->rd_att;
  bool for_row = TRIGGER_FIRED_FOR_ROW(event);
  // An update has both rows; otherwise tg_trigtuple is the new row of an insert or the old one of a delete.
  HeapTuple new_tuple = nullptr;
  HeapTuple old_tuple = nullptr;
  if (for_row) {
    if (TRIGGER_FIRED_BY_UPDATE(event)) new_tuple = data->tg_newtuple;
    else if (TRIGGER_FIRED_BY_INSERT(event)) new_tuple = data->tg_trigtuple;
    if (!TRIGGER_FIRED_BY_INSERT(event)) old_tuple = data->tg_trigtuple;
  }
  Local<Value> new_row = v8::Undefined(isolate);
  Local<Value> old_row = v8::Undefined(isolate);
  std::vector<Original> originals;
  if (old_tuple != nullptr && !tuple_to_object(old_tuple, desc, &old_row)) return false;
  if (new_tuple != nullptr &&
      (!tuple_to_object(new_tuple, desc, &new_row) || !remember(desc, new_row.As<Object>(), &originals)))
    return false;
  char *schema = nullptr;
  Oid relation = RelationGetRelid(data->tg_relation);
  ErrorData *error = pg_try([&] { schema = get_namespace_name(RelationGetNamespace(data->tg_relation)); });
  if (error != nullptr) {
    throw_postgres_error(error, Catchable::no);
    return false;
  }
  Local<Value> arguments[] = {
      new_row,
      old_row,
      js_text(isolate, data->tg_trigger->tgname),
      js_text(isolate, timing(event)),
      js_text(isolate, for_row ? "ROW" : "STATEMENT"),
      js_text(isolate, operation(event)),
      v8::Integer::NewFromUnsigned(isolate, relation),
      js_text(isolate, RelationGetRelationName(data->tg_relation)),
      js_text(isolate, schema),
      trigger_arguments(isolate, data->tg_trigger),
  };
  Local<Context> context = isolate->GetCurrentContext();
  Local<Value> value;
  if (!site->compiled->function.Get(isolate)
           ->Call(context, context->Global(), static_cast<int>(std::size(arguments)), arguments)
           .ToLocal(&value))
    return false;
  *result = PointerGetDatum(nullptr);
  if (!for_row || TRIGGER_FIRED_AFTER(event) || value->IsNull()) return true;
  if (new_tuple == nullptr) {
    *result = PointerGetDatum(old_tuple);
    return true;
  }
  InContext memory(frame->caller);
  HeapTuple changed = nullptr;
  if (!row_to_tuple(desc, new_tuple, originals, value->IsUndefined() ? new_row : value, &changed)) return false;
  *result = PointerGetDatum(changed);
  return true;
}

}  // namespace plv8
