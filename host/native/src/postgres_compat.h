// PostgreSQL's headers, included after V8's so that their macros cannot reach those, and everything that
// differs between PostgreSQL 15 and 18. No other file tests a PostgreSQL version.
#pragma once

extern "C" {
#include <postgres.h>

#include <access/htup_details.h>
#include <access/sysattr.h>
#include <access/xact.h>
#include <catalog/namespace.h>
#include <catalog/pg_authid.h>
#include <catalog/pg_language.h>
#include <catalog/pg_proc.h>
#include <catalog/pg_type.h>
#include <commands/proclang.h>
#include <commands/trigger.h>
#include <executor/executor.h>
#include <executor/spi.h>
#include <fmgr.h>
#include <funcapi.h>
#include <mb/pg_wchar.h>
#include <miscadmin.h>
#include <parser/parse_node.h>
#include <parser/parse_param.h>
#include <parser/parse_type.h>
#include <storage/ipc.h>
#include <tcop/pquery.h>
#include <tcop/tcopprot.h>
#include <utils/acl.h>
#include <utils/array.h>
#include <utils/builtins.h>
#include <utils/date.h>
#include <utils/datetime.h>
#include <utils/fmgroids.h>
#include <utils/guc.h>
#include <utils/inval.h>
#include <utils/jsonb.h>
#include <utils/lsyscache.h>
#include <utils/memutils.h>
#include <utils/numeric.h>
#include <utils/plancache.h>
#include <utils/portal.h>
#include <utils/regproc.h>
#include <utils/rel.h>
#include <utils/resowner.h>
#include <utils/snapmgr.h>
#include <utils/syscache.h>
#include <utils/timestamp.h>
#include <utils/tuplestore.h>
#include <utils/typcache.h>
#include <windowapi.h>
}

#undef _
#undef gettext

#if PG_VERSION_NUM < 150000
#error "plv8_host needs PostgreSQL 15 or later"
#endif

namespace plv8 {

inline bool may_execute_function(Oid function, Oid role) {
#if PG_VERSION_NUM >= 160000
  return object_aclcheck(ProcedureRelationId, function, role, ACL_EXECUTE) == ACLCHECK_OK;
#else
  return pg_proc_aclcheck(function, role, ACL_EXECUTE) == ACLCHECK_OK;
#endif
}

inline Oid parse_type_name(const char *name) {
  Oid type = InvalidOid;
  int32 typmod = -1;
  parseTypeString(name, &type, &typmod, 0);  // 0: raise errors (a flag in 15, a pointer since 16)
  return type;
}

// To the precision of timestamp(n).
inline void round_timestamp(Timestamp *stamp, int32 typmod) {
#if PG_VERSION_NUM >= 160000
  AdjustTimestampForTypmod(stamp, typmod, nullptr);
#else
  AdjustTimestampForTypmod(stamp, typmod);
#endif
}

inline void reserve_guc_prefix(const char *prefix) { MarkGUCPrefixReserved(prefix); }

// PostgreSQL 18 keeps full attributes behind an accessor; TupleDescAttr exists everywhere.
inline Form_pg_attribute attribute(TupleDesc desc, int index) { return TupleDescAttr(desc, index); }

}  // namespace plv8
