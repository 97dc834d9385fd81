/* The schema of the integrity control plane. What callers must not touch starts with an underscore. */
create schema integrity;

comment on schema integrity is
  'Integrity control plane: the live system contracted into a small graph, its minimum cut, and gates that follow.';

grant usage on schema integrity to penstock_admin, penstock_operator, penstock_worker, penstock_user;
