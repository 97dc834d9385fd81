/*
 * The forgetting curve of FSRS-6, R(t, S) = (1 + factor * t / S) ^ -decay with
 * factor = 0.9 ^ (-1 / decay) - 1, so that R(S, S) = 0.9. As ts-fsrs does it: t in whole
 * days, factor and S rounded to 8 digits. Both are inlined, for a filter may meet every row.
 */
create or replace function memory.retrievability(
  stability float8,
  last_review timestamptz,
  at timestamptz default now(),
  decay float8 default 0.1542
)
returns float8
immutable
parallel safe
language sql
as $fn$
  select case
    when last_review is null then 1::pg_catalog.float8
    else pg_catalog.power(
      1 operator(pg_catalog.+) (
        pg_catalog.round((pg_catalog.power(0.9::pg_catalog.float8, (-1) operator(pg_catalog./) decay) operator(pg_catalog.-) 1)::pg_catalog.numeric, 8)::pg_catalog.float8
        operator(pg_catalog.*) greatest(
          pg_catalog.floor(pg_catalog.date_part('epoch', at operator(pg_catalog.-) last_review) operator(pg_catalog./) 86400), 0
        )
        operator(pg_catalog./) pg_catalog.round(stability::pg_catalog.numeric, 8)::pg_catalog.float8
      ),
      operator(pg_catalog.-) decay
    )
  end
$fn$;

comment on function memory.retrievability is
  'Probability that a memory is recalled at a time, by FSRS-6: 0.9 after stability days, less later. 1 for one that was never reviewed, since nothing says that it was forgotten. Time counts in whole days, as in ts-fsrs; decay is weight 20 of the settings.';

create or replace function memory._decay(
  settings jsonb
)
returns float8
immutable
parallel safe
language sql
as $fn$
  select (settings operator(pg_catalog.->) 'weights' operator(pg_catalog.->>) 20)::pg_catalog.float8
$fn$;

comment on function memory._decay is
  'The exponent of the forgetting curve under the settings of a namespace.';

revoke all on function memory.retrievability, memory._decay from public;
grant execute on function memory.retrievability, memory._decay to penstock_user;
