#include <cstring>

#include "errors.h"
#include "limits.h"
#include "values.h"

namespace plv8 {

namespace {

ArrayType *array_of(Datum datum) { return reinterpret_cast<ArrayType *>(detoast(datum, false)); }

// The elements as handles, row by row, NULL as null.
bool flat_elements(TypeInfo *element, ArrayType *array, int count, std::vector<Local<Value>> *values) {
  Isolate *isolate = Isolate::GetCurrent();
  values->reserve(static_cast<size_t>(count));
  if (!ARR_HASNULL(array)) {
    const char *data = ARR_DATA_PTR(array);
    switch (element->kind) {
      case Kind::int2:
        for (int i = 0; i < count; ++i)
          values->push_back(v8::Integer::New(isolate, reinterpret_cast<const int16 *>(data)[i]));
        return true;
      case Kind::int4:
        for (int i = 0; i < count; ++i)
          values->push_back(v8::Integer::New(isolate, reinterpret_cast<const int32 *>(data)[i]));
        return true;
      case Kind::float4:
        for (int i = 0; i < count; ++i)
          values->push_back(v8::Number::New(isolate, static_cast<double>(reinterpret_cast<const float4 *>(data)[i])));
        return true;
      case Kind::float8:
        for (int i = 0; i < count; ++i)
          values->push_back(v8::Number::New(isolate, reinterpret_cast<const float8 *>(data)[i]));
        return true;
      default: break;
    }
  }
  Datum *datums = nullptr;
  bool *nulls = nullptr;
  ErrorData *error = pg_try([&] {
    deconstruct_array(array, element->oid, element->length, element->byval, element->align, &datums, &nulls, &count);
  });
  if (error != nullptr) {
    throw_postgres_error(error, Catchable::no);
    return false;
  }
  for (int i = 0; i < count; ++i) {
    Local<Value> value = v8::Null(isolate);
    if (!nulls[i] && !value_to_js(element, datums[i], &value)) return false;
    values->push_back(value);
  }
  return true;
}

// Looking for interrupts costs as much as copying a few elements.
constexpr uint32_t kElementsPerPoll = 1024;

// Collects the elements of nested JavaScript arrays and their dimensions.
struct Flattened {
  std::vector<Local<Value>> values;
  int dimensions = 0;
  int sizes[MAXDIM];
};

uint32_t length_of(Local<Value> value) {
  if (value->IsTypedArray()) return static_cast<uint32_t>(value.As<v8::TypedArray>()->Length());
  return value.As<v8::Array>()->Length();
}

bool ragged() {
  throw_error(ERRCODE_ARRAY_SUBSCRIPT_ERROR,
              "multidimensional arrays must have sub-arrays with matching dimensions");
  return false;
}

bool flatten(Local<Value> value, bool nested, int depth, Flattened *flat) {
  Local<Context> context = Isolate::GetCurrent()->GetCurrentContext();
  uint32_t length = length_of(value);
  if (length > MaxArraySize - flat->values.size()) {
    throw_format(ERRCODE_PROGRAM_LIMIT_EXCEEDED, "an array of more than %d elements", static_cast<int>(MaxArraySize));
    return false;
  }
  // A handle and an entry of the list for each element, neither of which V8 counts.
  if ((length + flat->values.size()) * 2 * sizeof(Local<Value>) > current_frame->runtime->heap_limit) {
    throw_error(ERRCODE_OUT_OF_MEMORY, "an array is too large to convert within plv8.memory_limit", nullptr,
                "Return a typed array, or return rows.");
    return false;
  }
  if (depth == MAXDIM) {
    throw_format(ERRCODE_PROGRAM_LIMIT_EXCEEDED, "an array of more than %d dimensions", MAXDIM);
    return false;
  }
  if (depth == flat->dimensions) flat->sizes[flat->dimensions++] = static_cast<int>(length);
  else if (flat->sizes[depth] != static_cast<int>(length)) return ragged();
  Local<Object> object = value.As<Object>();
  for (uint32_t i = 0; i < length; ++i) {
    if (i % kElementsPerPoll == 0 && !serve_interrupts(current_frame->runtime)) return false;
    Local<Value> element;
    if (!object->Get(context, i).ToLocal(&element)) return false;
    bool deeper = nested && is_array_like(element);
    if (deeper != (depth + 1 < flat->dimensions) && !(deeper && i == 0 && flat->values.empty())) return ragged();
    if (deeper) {
      if (!flatten(element, nested, depth + 1, flat)) return false;
    } else {
      flat->values.push_back(element);
    }
  }
  return true;
}

// Typed arrays whose elements have the very representation of the SQL type are copied as they are.
bool same_representation(Kind kind, Local<Value> value) {
  switch (kind) {
    case Kind::int2: return value->IsInt16Array();
    case Kind::int4: return value->IsInt32Array();
    case Kind::int8: return value->IsBigInt64Array();
    case Kind::float4: return value->IsFloat32Array();
    case Kind::float8: return value->IsFloat64Array();
    default: return false;
  }
}

bool copy_typed_array(TypeInfo *element, Local<v8::TypedArray> value, Datum *datum) {
  size_t count = value->Length();
  size_t header = count == 0 ? ARR_OVERHEAD_NONULLS(0) : ARR_OVERHEAD_NONULLS(1);
  size_t size = header + value->ByteLength();
  auto *array = static_cast<ArrayType *>(js_palloc(size));
  if (array == nullptr) return false;
  memset(array, 0, header);
  SET_VARSIZE(array, size);
  array->ndim = count == 0 ? 0 : 1;
  array->elemtype = element->oid;
  if (count > 0) {
    ARR_DIMS(array)[0] = static_cast<int>(count);
    ARR_LBOUND(array)[0] = 1;
    value->CopyContents(ARR_DATA_PTR(array), value->ByteLength());
  }
  *datum = PointerGetDatum(array);
  return true;
}

}  // namespace

bool is_array_like(Local<Value> value) { return value->IsArray() || value->IsTypedArray(); }

bool array_to_js(TypeInfo *type, Datum datum, Local<Value> *value) {
  Isolate *isolate = Isolate::GetCurrent();
  v8::EscapableHandleScope scope(isolate);
  ArrayType *array = array_of(datum);
  if (array == nullptr) return false;
  int dimensions = ARR_NDIM(array);
  int count = 1;
  for (int i = 0; i < dimensions; ++i) count *= ARR_DIMS(array)[i];
  std::vector<Local<Value>> values;
  if (dimensions > 0 && !flat_elements(type->element, array, count, &values)) return false;
  // Innermost dimensions first, each level replaced by its arrays.
  for (int level = dimensions - 1; level > 0; --level) {
    auto size = static_cast<size_t>(ARR_DIMS(array)[level]);
    std::vector<Local<Value>> outer;
    for (size_t i = 0; i < values.size(); i += size) outer.push_back(v8::Array::New(isolate, &values[i], size));
    values.swap(outer);
  }
  *value = scope.Escape(v8::Array::New(isolate, values.data(), values.size()).As<Value>());
  return true;
}

bool typed_array_to_js(TypeInfo *type, Datum datum, Local<Value> *value) {
  ArrayType *array = array_of(datum);
  if (array == nullptr) return false;
  if (ARR_NDIM(array) > 1) {
    throw_error(ERRCODE_ARRAY_SUBSCRIPT_ERROR, "a typed array has one dimension");
    return false;
  }
  if (array_contains_nulls(array)) {
    throw_error(ERRCODE_NULL_VALUE_NOT_ALLOWED, "a typed array may not contain NULL");
    return false;
  }
  size_t count = ARR_NDIM(array) == 0 ? 0 : static_cast<size_t>(ARR_DIMS(array)[0]);
  size_t size = count * static_cast<size_t>(type->element->length);
  Local<v8::ArrayBuffer> buffer;
  if (!new_array_buffer(current_frame->runtime, size).ToLocal(&buffer)) return false;
  if (size > 0) memcpy(buffer->GetBackingStore()->Data(), ARR_DATA_PTR(array), size);
  switch (type->element->kind) {
    case Kind::int2: *value = v8::Int16Array::New(buffer, 0, count); return true;
    case Kind::int4: *value = v8::Int32Array::New(buffer, 0, count); return true;
    case Kind::int8: *value = v8::BigInt64Array::New(buffer, 0, count); return true;
    case Kind::float4: *value = v8::Float32Array::New(buffer, 0, count); return true;
    case Kind::float8: *value = v8::Float64Array::New(buffer, 0, count); return true;
    default: return array_to_js(type, datum, value);
  }
}

bool array_to_datum(TypeInfo *type, Local<Value> value, Datum *datum) {
  TypeInfo *element = type->element;
  if (same_representation(element->kind, value))
    return copy_typed_array(element, value.As<v8::TypedArray>(), datum);
  Isolate *isolate = Isolate::GetCurrent();
  HandleScope scope(isolate);
  Flattened flat;
  bool nested = element->kind != Kind::json && element->kind != Kind::jsonb;
  if (!flatten(value, nested, 0, &flat)) return false;
  size_t count = flat.values.size();
  auto *datums = static_cast<Datum *>(js_palloc(count * sizeof(Datum) + 1));
  auto *nulls = datums == nullptr ? nullptr : static_cast<bool *>(js_palloc(count + 1));
  if (nulls == nullptr) return false;
  for (size_t i = 0; i < count; ++i) {
    if (i % kElementsPerPoll == 0 && !serve_interrupts(current_frame->runtime)) return false;
    if (!nullable_to_datum(element, -1, flat.values[i], &datums[i], &nulls[i])) return false;
  }
  ArrayType *array = nullptr;
  ErrorData *error = pg_try([&] {
    int lower[MAXDIM];
    for (int &bound : lower) bound = 1;
    array = count == 0 ? construct_empty_array(element->oid)
                       : construct_md_array(datums, nulls, flat.dimensions, flat.sizes, lower, element->oid,
                                            element->length, element->byval, element->align);
  });
  if (error != nullptr) {
    throw_postgres_error(error, Catchable::no);
    return false;
  }
  *datum = PointerGetDatum(array);
  return true;
}

}  // namespace plv8
