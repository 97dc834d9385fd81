// The connection to SPI, and what every statement needs: arguments and results.
#include "spi_internal.h"

#include <cstring>

namespace plv8 {

bool fail_with(ErrorData *error) {
  if (error == nullptr) return true;
  throw_postgres_error(error, Catchable::no);
  return false;
}

bool connect_spi(Frame *frame) {
  if (frame->spi_connected) return true;
  MemoryContext context = CurrentMemoryContext;
  ErrorData *error = pg_try([&] {
    SPI_connect_ext(frame->nonatomic ? SPI_OPT_NONATOMIC : 0);
    frame->spi_connected = true;
    if (frame->trigger != nullptr) SPI_register_trigger_data(frame->trigger);
  });
  MemoryContextSwitchTo(context);
  return fail_with(error);
}

std::vector<Local<Value>> statement_arguments(Callback info, int first, bool *ok) {
  std::vector<Local<Value>> values;
  *ok = true;
  if (info.Length() == first + 1 && info[first]->IsArray()) {
    Local<v8::Array> list = info[first].As<v8::Array>();
    Local<Context> context = info.GetIsolate()->GetCurrentContext();
    for (uint32_t i = 0; i < list->Length(); ++i) {
      Local<Value> value;
      *ok = *ok && list->Get(context, i).ToLocal(&value);
      if (!*ok) return values;
      values.push_back(value);
    }
    return values;
  }
  if (info.Length() == first + 1 && info[first]->IsUndefined()) return values;
  for (int i = first; i < info.Length(); ++i) values.push_back(info[i]);
  return values;
}

bool statement_result(int code, Local<Value> *result) {
  Isolate *isolate = Isolate::GetCurrent();
  if (code < 0) {
    throw_format(code == SPI_ERROR_TRANSACTION ? ERRCODE_FEATURE_NOT_SUPPORTED : ERRCODE_INTERNAL_ERROR,
                 "statement failed: %s", SPI_result_code_string(code));
    return false;
  }
  SPITupleTable *table = SPI_tuptable;
  uint64 count = SPI_processed;
  if (table == nullptr) {
    *result = v8::Number::New(isolate, static_cast<double>(count));
    return true;
  }
  Local<v8::Array> rows;
  bool ok = tuples_to_objects(table->vals, count, table->tupdesc, &rows);
  SPI_freetuptable(table);
  if (ok) *result = rows;
  return ok;
}

Oid find_function_oid(const char *signature) {
  bool with_types = strchr(signature, '(') != nullptr;
  return DatumGetObjectId(
      DirectFunctionCall1(with_types ? regprocedurein : regprocin, CStringGetDatum(signature)));
}

}  // namespace plv8
