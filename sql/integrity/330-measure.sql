create or replace function integrity._user_nodes(
  collection text,
  id bigint
)
returns jsonb
stable
parallel safe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  return (
    select coalesce(jsonb_agg(jsonb_build_object(
      'node_type', n.node_type, 'id', n.id, 'name', n.name, 'class', n.class, 'health', n.health, 'hard', n.hard,
      'error_rate', n.error_rate, 'note', n.note, 'node_data', n.node_data
    ) order by n.id), '[]')
    from integrity._nodes n
    where n.collection = _user_nodes.collection and (_user_nodes.id is null or n.id = _user_nodes.id)
  );
end
$fn$;

comment on function integrity._user_nodes is
  'The nodes that users added to a graph, or one of them, as evidence.';

create or replace function integrity._user_edges(
  collection text,
  source text,
  target text,
  edge_type text
)
returns jsonb
stable
parallel safe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  return (
    select coalesce(jsonb_agg(jsonb_build_object(
      'source', e.source, 'target', e.target, 'edge_type', e.edge_type, 'capacity', e.capacity, 'class', e.class,
      'health', e.health, 'hard', e.hard, 'error_rate', e.error_rate, 'current_flow', e.current_flow,
      'latency_ms', e.latency_ms
    ) order by e.source, e.target, e.edge_type), '[]')
    from integrity._edges e
    where e.collection = _user_edges.collection
      and (
        _user_edges.source is null
        or (e.source = _user_edges.source and e.target = _user_edges.target and e.edge_type = _user_edges.edge_type)
      )
  );
end
$fn$;

comment on function integrity._user_edges is
  'The edges that users added to a graph, or one of them, as evidence.';

create or replace function integrity._evidence(
  collection text
)
returns jsonb
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  registered constant penstock._collections := penstock._collection(collection);
  /* A group of signals, and what stands for it where it does not apply or may not be seen. */
  groups constant text[] := array[
    ['partitions', 'partition'], ['vector_indexes', 'vector_index'], ['dead_tuples', 'dead_tuples'],
    ['transaction_age', 'xid_age'], ['checksums', 'checksum'], ['primary_keys', 'primary_key'], ['ivfflat_lists', 'ivfflat_lists'],
    ['recall', 'recall_probe'], ['foreign_servers', 'foreign_server'], ['disk', 'disk']
  ];
  server_groups constant text[] := array[
    ['replicas', 'replica'], ['sync_quorum', 'sync_quorum'], ['subscriptions', 'subscription'],
    ['archiver', 'archiver'], ['wal', 'wal'], ['connections', 'connections']
  ];
  is_embedded constant boolean := integrity._is_embedded();
  pair text[];
  found_signals jsonb;
  signals jsonb := '[]';
begin
  /* Statistics are frozen at their first use in a transaction: a fresh sample needs them anew. */
  perform pg_stat_clear_snapshot();
  foreach pair slice 1 in array groups || case when is_embedded then '{}' else server_groups end loop
    begin
      execute format('select integrity.%I($1)', '_evidence_' || pair[1]) into found_signals using registered;
    exception
      when others then
        if left(sqlstate, 2) in ('40', '53', '57') then
          raise;
        end if;
        found_signals := jsonb_build_array(jsonb_build_object(
          'signal', pair[2], 'member', collection, 'status', 'blind', 'note', sqlerrm
        ));
    end;
    signals := signals || coalesce(found_signals, '[]');
  end loop;
  if is_embedded then
    foreach pair slice 1 in array server_groups loop
      signals := signals || jsonb_build_object(
        'signal', pair[2], 'member', pair[2], 'status', 'not_applicable', 'note', 'embedded database'
      );
    end loop;
  end if;

  return jsonb_build_object(
    'collection', collection,
    'measured_at_us', (extract(epoch from clock_timestamp()) * 1000000)::bigint,
    'signals', signals,
    'user_nodes', integrity._user_nodes(collection, null),
    'user_edges', integrity._user_edges(collection, null, null, null)
  );
end
$fn$;

comment on function integrity._evidence is
  'Everything that is known about a collection now, as raw numbers. A group of signals that fails is reported as blind, never as healthy.';

create type integrity._measurement as (
  evidence jsonb,
  graph jsonb,
  witness jsonb,
  lambda2 float8
);

comment on type integrity._measurement is 'Evidence, the graph made of it, and its minimum cut in words.';

create or replace function integrity._measure(
  collection text,
  with_lambda2 boolean default false
)
returns integrity._measurement
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  measured integrity._measurement;
  contracted record;
  cut record;
  healthy_cut float8;
begin
  measured.evidence := integrity._evidence(collection);
  select * into strict contracted from integrity._contract(measured.evidence);
  select * into strict cut
  from integrity.min_cut(contracted.node_count, contracted.source, contracted.target, contracted.weight);
  if contracted.normalise then
    select m.cut_value into strict healthy_cut
    from integrity.min_cut(contracted.node_count, contracted.source, contracted.target, contracted.healthy_weight) m;
  end if;
  measured.graph := contracted.graph;
  measured.witness := integrity._witness(
    contracted.graph,
    jsonb_build_object(
      'cut_value', cut.cut_value,
      'side', cut.side,
      'witness', cut.witness,
      'healthy_cut_value', healthy_cut
    )
  );
  if with_lambda2 then
    measured.lambda2 := integrity.lambda2(
      contracted.node_count, contracted.source, contracted.target, contracted.weight
    );
  end if;
  return measured;
end
$fn$;

comment on function integrity._measure is
  'Gathers evidence, contracts it and computes the minimum cut. Changes nothing.';

revoke all on function
  integrity._user_nodes, integrity._user_edges, integrity._evidence, integrity._measure
  from public;
