#include "config.h"

#include "sysinfo/sample.h"

#include "base/cleanup.h"

/* Room for the columns. */
static int make_room(struct sample *s)
{
	size_t n = s->topic->n_columns;

	s->shown = calloc(n + 1, sizeof(*s->shown));
	s->wanted = calloc(n + 1, sizeof(*s->wanted));
	s->told = calloc(n + 1, sizeof(*s->told));
	s->raw_wanted = calloc(s->raw->n_columns + 1, sizeof(*s->raw_wanted));
	return s->shown && s->wanted && s->told && s->raw_wanted ? 0 : -ENOMEM;
}

int sample_init(struct sample *s, const struct query *q, bool rate, bool windowed_too)
{
	const struct topic *topic = q->topic;

	*s = (struct sample){
		.query = q,
		.topic = topic,
		.raw = topic->raw ? topic->raw : topic,
	};
	/* The counters of a topic that is made from another one have no past. */
	if (rate && !topic->raw && rate_is_for(topic)) {
		s->rate = rate_new(topic);
		if (!s->rate)
			return -ENOMEM;
		s->topic = rate_topic(s->rate);
	}
	s->windowed = s->rate || (topic->flags & TOPIC_SAMPLES) ||
		      (topic->derive && windowed_too);
	table_init(&s->tables[0], s->raw);
	table_init(&s->tables[1], s->raw);
	table_init(&s->derived, topic);
	table_init(&s->rates, s->topic);
	table_init(&s->totals, s->topic);
	return make_room(s);
}

void sample_clear(struct sample *s)
{
	table_clear(&s->tables[0]);
	table_clear(&s->tables[1]);
	table_clear(&s->derived);
	table_clear(&s->rates);
	table_clear(&s->totals);
	free(s->shown);
	free(s->wanted);
	free(s->told);
	free(s->raw_wanted);
	rate_free(s->rate);
	*s = (struct sample){0};
}

/* Tell the readers of this topic what was asked for. */
static void prepare(const struct sample *s, struct reading *r, const bool *wanted)
{
	r->per = s->query->per;
	r->all = s->query->all;
	r->kind = s->query->kind;
	r->operands = s->query->operands;
	r->data = s->query->data;
	r->wanted = wanted;
	r->failed_path.len = 0;
}

int sample_read(struct sample *s, struct reading *r, clockid_t clock)
{
	unsigned next = s->windowed ? 1 - s->now : s->now;
	struct table *t = &s->tables[next];

	prepare(s, r, s->raw_wanted);
	table_reset(t);
	s->has_before = s->windowed && s->at[s->now];
	s->now = next;
	s->at[next] = nsec_clock(clock);

	int error = s->raw->read(r, t);

	return error < 0 ? error : t->error;
}

double sample_seconds(const struct sample *s)
{
	if (!s->has_before)
		return 0;
	return (double)(s->at[s->now] - s->at[1 - s->now]) / NSEC_PER_SEC;
}

/* From the raw tables to the topic's own, and to rates. */
static int derive(struct sample *s, struct reading *r)
{
	const struct topic *topic = s->query->topic;
	const struct table *before = s->has_before ? &s->tables[1 - s->now] : NULL;
	const struct table *after = &s->tables[s->now];
	int error;

	if (!s->windowed)
		return 0;
	if (topic->derive && (before || (topic->flags & TOPIC_SAMPLES))) {
		table_reset(&s->derived);
		error = topic->derive(r, before, after, sample_seconds(s), &s->derived);
		s->outcome = &s->derived;
		if (error < 0)
			return error;
	}
	if (s->rate) {
		table_reset(&s->rates);
		error = rate_derive(before, after, s->outcome, sample_seconds(s),
				    &s->rates);
		s->rates.depths = s->outcome->depths;
		s->outcome = &s->rates;
		return error;
	}
	return 0;
}

/* From the rows of all devices to their total, where that was asked for. */
static int sum_up(struct sample *s)
{
	const struct topic *topic = s->query->topic;

	if (!topic->total || s->query->per)
		return 0;
	table_reset(&s->totals);

	int error = topic->total(s->outcome, &s->totals);

	s->outcome = &s->totals;
	return error;
}

int sample_finish(struct sample *s, struct reading *r)
{
	prepare(s, r, s->wanted);
	s->outcome = &s->tables[s->now];

	int error = derive(s, r);

	if (error == 0)
		error = sum_up(s);
	if (error == 0 && s->query->topic->arrange)
		error = s->query->topic->arrange(r, s->outcome);
	return error < 0 ? error : s->outcome->error;
}
