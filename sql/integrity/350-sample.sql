create or replace function integrity.sample(
  collection text,
  with_lambda2 boolean default false
)
returns jsonb
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  before constant integrity._states := integrity._locked_state(collection);
  policy constant jsonb := integrity._active_policy(collection);
  measured integrity._measurement;
  machine jsonb := before.machine;
  step jsonb;
  last_transition jsonb;
  recorded jsonb;
  is_index boolean;
  compiled_for_index boolean := before.witness_is_index;
  samples_taken int := 0;
begin
  perform integrity._do_not_wait_for_standbys();
  recorded := integrity._record_inventory(collection, 'sample');
  if '[]' <> any (array[recorded -> 'added', recorded -> 'indexed', recorded -> 'replicas_added']) then
    perform integrity._append_event('inventory', collection, recorded);
  end if;

  loop
    measured := integrity._measure(
      collection, with_lambda2 or policy -> 'lambda2_alert_share' <> 'null'
    );
    samples_taken := samples_taken + 1;
    step := integrity._next_state(
      policy, machine,
      jsonb_build_object(
        'now_us', (extract(epoch from clock_timestamp()) * 1000000)::bigint,
        'lambda_cut', measured.witness -> 'lambda_cut',
        'hard', measured.witness -> 'hard',
        'fresh', true,
        'cause', measured.witness -> 'cause',
        'lambda2', measured.lambda2
      )
    );

    insert into integrity._samples as m (collection, sampled_at, evidence, graph, witness, words)
    values (
      sample.collection, clock_timestamp(), measured.evidence, measured.graph, measured.witness, step ->> 'words'
    )
    on conflict on constraint _samples_pkey do update
    set sampled_at = excluded.sampled_at,
        evidence = excluded.evidence,
        graph = excluded.graph,
        witness = excluded.witness,
        words = excluded.words;
    is_index := (measured.witness -> 'is_index')::boolean;
    update integrity._states s
    set lambda_cut = (measured.witness ->> 'lambda_cut')::float8,
        lambda2 = measured.lambda2,
        witness_is_index = is_index,
        last_sample_at = clock_timestamp(),
        sample_count = s.sample_count + 1
    where s.collection = sample.collection;
    perform integrity._apply_step(collection, step);
    insert into integrity._staged_samples (
      collection, collection_id, sampled_at, state, measured_state, lambda_cut, lambda2
    )
    values (
      sample.collection, before.collection_id, clock_timestamp(), step ->> 'state', step ->> 'measured_state',
      (measured.witness ->> 'lambda_cut')::float8, measured.lambda2
    );
    machine := step -> 'machine';
    if step ->> 'alert' is not null then
      perform integrity._append_event('alert', collection, jsonb_build_object('words', step -> 'alert', 'lambda2', measured.lambda2));
      perform integrity._notify(
        collection,
        policy #>> '{notifications,channel}',
        jsonb_build_object('event', 'alert', 'collection', collection, 'words', step -> 'alert')
      );
    end if;
    if step -> 'transition' <> 'null' then
      last_transition := step -> 'transition';
      compiled_for_index := is_index;
    end if;
    exit when samples_taken = 2 or not (step -> 'wants_fresh_sample')::boolean;
  end loop;
  perform integrity._tell_approach(
    collection, policy, step ->> 'state', (measured.witness ->> 'lambda_cut')::float8
  );

  if is_index <> compiled_for_index
    or (last_transition is null and pg_sequence_last_value(before.epoch_sequence) is distinct from before.published)
  then
    perform integrity._compile(collection);
  end if;
  update integrity._gates g
  set lambda_cut = s.lambda_cut,
      stale_at = s.last_sample_at + make_interval(secs => g.stale_after_secs)
  from integrity._states s
  where s.collection = g.collection
    and g.collection = sample.collection
    and (g.lambda_cut is distinct from s.lambda_cut or g.stale_after_secs is not null);
  perform integrity._mark_refusals(collection);
  perform integrity._maintain_triggers(collection);

  return jsonb_build_object(
    'collection', collection,
    'state', step -> 'state',
    'measured_state', step -> 'measured_state',
    'lambda_cut', measured.witness -> 'lambda_cut',
    'lambda2', measured.lambda2,
    'transition', last_transition,
    'words', step -> 'words',
    'witness_words', measured.witness -> 'words',
    'witness_edges', measured.witness -> 'witness_edges',
    'blind', measured.witness -> 'blind',
    'samples_taken', samples_taken
  );
end
$fn$;

comment on function integrity.sample is
  'Measures a collection once, or twice where the state machine wants a second look at once, and moves its state. Samplers of one collection take turns. Returns state, lambda_cut, transition, witness edges and words. Errors: 42704.';

revoke all on function integrity.sample from public;
grant execute on function integrity.sample to penstock_admin, penstock_operator, penstock_worker;
