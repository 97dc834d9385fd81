// Records and sets of rows as JavaScript objects, and back.
#pragma once

#include "values.h"

namespace plv8 {

// Composite values.
bool row_to_object(Datum datum, Local<Value> *value);
bool object_to_row(TypeInfo *type, Local<Value> value, Datum *datum);

// Tuples of a known description.
bool tuple_to_object(HeapTuple tuple, TupleDesc desc, Local<Value> *value);
bool tuples_to_objects(HeapTuple *tuples, uint64 count, TupleDesc desc, Local<v8::Array> *rows);

// Fills values and nulls, one for each attribute, from an object's properties of the same names. Missing ones are
// NULL. With `strict` a property that is no column is an error, as plv8 documents for return_next.
bool object_to_columns(TupleDesc desc, Local<Value> value, bool strict, Datum *values, bool *nulls);

// A composite datum of this description.
bool object_to_tuple_datum(TupleDesc desc, Local<Value> value, Datum *datum);

// Adds a row to the result set of the current frame. `strict` as above.
bool store_row(Frame *frame, Local<Value> value, bool strict);

// A function with one OUT or TABLE column may return the value or an object with that one property.
bool unwrap_single_column(const char *name, Local<Value> *value);

// Prepares the frame of a set-returning function. Raises PostgreSQL errors.
void begin_set(Frame *frame, FunctionCallInfo fcinfo, bool scalar_rows);

}  // namespace plv8
