#include "rows.h"

#include <cstring>

#include "errors.h"

namespace plv8 {

namespace {

// Rows are built a batch at a time, so that handles and calls into JavaScript stay few.
constexpr uint64 kBatch = 512;

std::vector<int> live_attributes(TupleDesc desc) {
  std::vector<int> live;
  for (int i = 0; i < desc->natts; ++i)
    if (!attribute(desc, i)->attisdropped) live.push_back(i);
  return live;
}

// A JavaScript string literal of any text, safe in source code.
bool quoted(Isolate *isolate, const char *name, std::string *source) {
  Local<v8::String> text;
  Local<v8::String> json;
  if (!text_to_js(name, strlen(name)).ToLocal(&text) ||
      !v8::JSON::Stringify(isolate->GetCurrentContext(), text).ToLocal(&json))
    return false;
  std::string utf8(utf8_length(isolate, json), '\0');
  write_utf8(isolate, json, utf8.data(), utf8.size());
  *source += utf8;
  return true;
}

// A JavaScript function that turns columns into row objects: literals give all rows one hidden class. One is kept
// for each list of column names. Duplicate names keep the last value, as in an object literal.
bool row_factory(TupleDesc desc, const std::vector<int> &live, Local<v8::Function> *factory) {
  Runtime *runtime = current_frame->runtime;
  Isolate *isolate = runtime->isolate;
  Local<Context> context = isolate->GetCurrentContext();
  std::string key;
  for (int index : live) {
    key += NameStr(attribute(desc, index)->attname);
    key += '\0';
  }
  auto found = runtime->row_factories.find(key);
  if (found != runtime->row_factories.end()) {
    *factory = found->second.Get(isolate);
    return true;
  }
  std::string source = "for (let i = 0; i < count; i++) rows[offset + i] = {";
  for (size_t column = 0; column < live.size(); ++column) {
    // Computed names: "__proto__" is a column like any other.
    source += "[";
    if (!quoted(isolate, NameStr(attribute(desc, live[column])->attname), &source)) return false;
    source += "]: columns[" + std::to_string(column) + "][i],";
  }
  source += "}";
  Local<v8::String> text;
  if (!v8::String::NewFromUtf8(isolate, source.data(), v8::NewStringType::kNormal, static_cast<int>(source.size()))
           .ToLocal(&text))
    return false;
  v8::ScriptCompiler::Source script(text);
  Local<v8::String> names[] = {js_name(isolate, "rows"), js_name(isolate, "offset"), js_name(isolate, "count"),
                               js_name(isolate, "columns")};
  if (!v8::ScriptCompiler::CompileFunction(context, &script, 4, names).ToLocal(factory)) return false;
  if (runtime->row_factories.size() >= 256) runtime->row_factories.clear();
  runtime->row_factories[key].Reset(isolate, *factory);
  return true;
}

bool fail_with(ErrorData *error) {
  if (error == nullptr) return true;
  throw_postgres_error(error, Catchable::no);
  return false;
}

bool add_batch(HeapTuple *tuples, uint64 count, uint64 offset, TupleDesc desc, const std::vector<int> &live,
               TypeInfo *const *types, Local<v8::Function> factory, Local<v8::Array> rows) {
  Isolate *isolate = Isolate::GetCurrent();
  HandleScope scope(isolate);
  Local<Context> context = isolate->GetCurrentContext();
  auto natts = static_cast<size_t>(desc->natts);
  std::vector<Datum> values(natts + 1);
  std::unique_ptr<bool[]> nulls(new bool[natts + 1]);
  std::vector<std::vector<Local<Value>>> columns(live.size());
  for (auto &column : columns) column.reserve(count);
  for (uint64 row = 0; row < count; ++row) {
    heap_deform_tuple(tuples[row], desc, values.data(), nulls.get());
    for (size_t column = 0; column < live.size(); ++column) {
      auto index = static_cast<size_t>(live[column]);
      Local<Value> value = v8::Null(isolate);
      if (!nulls[index] && !value_to_js(types[column], values[index], &value)) return false;
      columns[column].push_back(value);
    }
  }
  std::vector<Local<Value>> arrays;
  for (auto &column : columns) arrays.push_back(v8::Array::New(isolate, column.data(), column.size()));
  Local<Value> arguments[] = {rows, v8::Number::New(isolate, static_cast<double>(offset)),
                              v8::Number::New(isolate, static_cast<double>(count)),
                              v8::Array::New(isolate, arrays.data(), arrays.size())};
  return !factory->Call(context, v8::Undefined(isolate), 4, arguments).IsEmpty();
}

}  // namespace

bool tuples_to_objects(HeapTuple *tuples, uint64 count, TupleDesc desc, Local<v8::Array> *rows) {
  Isolate *isolate = Isolate::GetCurrent();
  v8::EscapableHandleScope scope(isolate);
  if (count > PG_INT32_MAX) {
    throw_error(ERRCODE_PROGRAM_LIMIT_EXCEEDED, "too many rows for a JavaScript array", nullptr, "Use a cursor.");
    return false;
  }
  Local<v8::Array> result = v8::Array::New(isolate);
  std::vector<int> live = live_attributes(desc);
  std::vector<TypeInfo *> types;
  for (int index : live) {
    TypeInfo *type = js_type_info(attribute(desc, index)->atttypid);
    if (type == nullptr) return false;
    types.push_back(type);
  }
  Local<v8::Function> factory;
  if (!row_factory(desc, live, &factory)) return false;
  for (uint64 offset = 0; offset < count; offset += kBatch)
    if (!add_batch(tuples + offset, std::min(kBatch, count - offset), offset, desc, live, types.data(), factory,
                   result))
      return false;
  *rows = scope.Escape(result);
  return true;
}

bool tuple_to_object(HeapTuple tuple, TupleDesc desc, Local<Value> *value) {
  Local<v8::Array> rows;
  if (!tuples_to_objects(&tuple, 1, desc, &rows)) return false;
  return rows->Get(Isolate::GetCurrent()->GetCurrentContext(), 0).ToLocal(value);
}

bool row_to_object(Datum datum, Local<Value> *value) {
  auto *header = reinterpret_cast<HeapTupleHeader>(detoast(datum, false));
  if (header == nullptr) return false;
  TupleDesc desc = nullptr;
  if (!fail_with(pg_try([&] {
        desc = lookup_rowtype_tupdesc_domain(HeapTupleHeaderGetTypeId(header), HeapTupleHeaderGetTypMod(header), false);
      })))
    return false;
  HeapTupleData tuple;
  tuple.t_len = HeapTupleHeaderGetDatumLength(header);
  ItemPointerSetInvalid(&tuple.t_self);
  tuple.t_tableOid = InvalidOid;
  tuple.t_data = header;
  bool ok = tuple_to_object(&tuple, desc, value);
  ReleaseTupleDesc(desc);
  return ok;
}

bool object_to_columns(TupleDesc desc, Local<Value> value, bool strict, Datum *values, bool *nulls) {
  Isolate *isolate = Isolate::GetCurrent();
  HandleScope scope(isolate);
  Local<Context> context = isolate->GetCurrentContext();
  if (!value->IsObject() || value->IsFunction()) {
    throw_error(ERRCODE_DATATYPE_MISMATCH, "expected an object with a property for each column");
    return false;
  }
  Local<Object> object = value.As<Object>();
  uint32_t matched = 0;
  for (int i = 0; i < desc->natts; ++i) {
    Form_pg_attribute column = attribute(desc, i);
    values[i] = 0;
    nulls[i] = true;
    if (column->attisdropped) continue;
    const char *name = NameStr(column->attname);
    Local<v8::String> key;
    Local<Value> field;
    if (!text_to_js(name, strlen(name)).ToLocal(&key)) return false;
    if (strict && object->HasOwnProperty(context, key).FromMaybe(false)) ++matched;
    if (!object->Get(context, key).ToLocal(&field)) return false;
    TypeInfo *type = js_type_info(column->atttypid);
    if (type == nullptr || !nullable_to_datum(type, column->atttypmod, field, &values[i], &nulls[i])) return false;
  }
  if (strict) {
    Local<v8::Array> keys;
    if (!object->GetOwnPropertyNames(context).ToLocal(&keys)) return false;
    if (keys->Length() > matched) {
      std::string got = server_text(isolate, keys);
      throw_format(ERRCODE_DATATYPE_MISMATCH, "the object has a property that is no column of the result: %s",
                   got.c_str());
      return false;
    }
  }
  return true;
}

bool object_to_tuple_datum(TupleDesc desc, Local<Value> value, Datum *datum) {
  auto natts = static_cast<size_t>(desc->natts);
  auto *values = static_cast<Datum *>(js_palloc(natts * sizeof(Datum) + 1));
  auto *nulls = values == nullptr ? nullptr : static_cast<bool *>(js_palloc(natts + 1));
  if (nulls == nullptr || !object_to_columns(desc, value, false, values, nulls)) return false;
  return fail_with(pg_try([&] { *datum = HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)); }));
}

bool object_to_row(TypeInfo *type, Local<Value> value, Datum *datum) {
  if (type->base == RECORDOID) {
    throw_error(ERRCODE_FEATURE_NOT_SUPPORTED, "a value of type record needs a column definition");
    return false;
  }
  if (value->IsString()) {
    char *input = string_to_server(value.As<v8::String>());
    return input != nullptr && fail_with(pg_try([&] {
             *datum = InputFunctionCall(&type->input, input, type->io_parameter, -1);
           }));
  }
  TupleDesc desc = nullptr;
  if (!fail_with(pg_try([&] { desc = lookup_rowtype_tupdesc(type->base, -1); }))) return false;
  bool ok = object_to_tuple_datum(desc, value, datum);
  ReleaseTupleDesc(desc);
  return ok;
}

void begin_set(Frame *frame, FunctionCallInfo fcinfo, bool scalar_rows) {
  InitMaterializedSRF(fcinfo, scalar_rows ? MAT_SRF_USE_EXPECTED_DESC : MAT_SRF_BLESS);
  auto *result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
  frame->store = result->setResult;
  frame->row_desc = result->setDesc;
  frame->scalar_rows = scalar_rows;
}

bool unwrap_single_column(const char *name, Local<Value> *value) {
  if (name == nullptr || !(*value)->IsObject() || (*value)->IsArray()) return true;
  Isolate *isolate = Isolate::GetCurrent();
  Local<Context> context = isolate->GetCurrentContext();
  Local<Object> object = value->As<Object>();
  Local<v8::Array> keys;
  Local<Value> key;
  if (!object->GetOwnPropertyNames(context).ToLocal(&keys)) return false;
  if (keys->Length() != 1) return true;
  if (!keys->Get(context, 0).ToLocal(&key)) return false;
  if (server_text(isolate, key) != name) return true;
  return object->Get(context, key).ToLocal(value);
}

bool store_row(Frame *frame, Local<Value> value, bool strict) {
  ScratchMemory scratch(frame);
  if (!scratch.ok()) return false;
  TupleDesc desc = frame->row_desc;
  auto natts = static_cast<size_t>(desc->natts);
  auto *values = static_cast<Datum *>(js_palloc(natts * sizeof(Datum) + 1));
  auto *nulls = values == nullptr ? nullptr : static_cast<bool *>(js_palloc(natts + 1));
  if (nulls == nullptr) return false;
  if (frame->scalar_rows) {
    TypeInfo *type = js_type_info(attribute(desc, 0)->atttypid);
    if (!unwrap_single_column(frame->out_name, &value)) return false;
    if (type == nullptr || !nullable_to_datum(type, -1, value, &values[0], &nulls[0])) return false;
  } else if (value->IsNullOrUndefined()) {
    for (size_t i = 0; i < natts; ++i) nulls[i] = true;
  } else if (!object_to_columns(desc, value, strict, values, nulls)) {
    return false;
  }
  return fail_with(pg_try([&] { tuplestore_putvalues(frame->store, desc, values, nulls); }));
}

}  // namespace plv8
