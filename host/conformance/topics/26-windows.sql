-- Window functions
-- plv8.get_window_object() in a function created with WINDOW.

create function running(v int) returns int window language plv8 as $fn$
  const w = plv8.get_window_object()
  const total = (w.get_partition_local() || 0) + w.get_func_arg_current(0)
  w.set_partition_local(total)
  return total
$fn$;
create function place() returns text window language plv8 as $fn$
  const w = plv8.get_window_object()
  return w.get_current_position() + '/' + w.get_partition_row_count()
$fn$;
create function previous(v int) returns int window language plv8 as $fn$
  const w = plv8.get_window_object()
  return w.get_func_arg_in_partition(0, -1, w.SEEK_CURRENT, false)
$fn$;

-- a value kept for the partition
select v, running(v) over (partition by v % 2 order by v) from generate_series(1, 5) v order by v
--> 1 | 1
--> 2 | 2
--> 3 | 4
--> 4 | 6
--> 5 | 9

-- position and number of rows
select place() over (partition by v % 2 order by v) from generate_series(1, 3) v
--> 0/1
--> 0/2
--> 1/2

-- another row of the partition
select v, previous(v) over (order by v) from generate_series(1, 3) v
--> 1 | NULL
--> 2 | 1
--> 3 | 2

-- outside of a window function there is no window
create function no_window() returns int language plv8 as $fn$ plv8.get_window_object() $fn$;
select no_window()
--! 0A000 or 38000 or XX000
