/*
 * What the jobs print, brought into order.
 *
 * GROUP: a job's stdout, then its stderr, each to its own stream, when it ends; with
 * keep_order in the order of the items. LINES: whole lines as they come, never half ones;
 * with keep_order the first job that has not ended shows its lines live, and the others
 * wait for their turn. A last line without a newline stays without one in GROUP; in LINES
 * it gets one, because another job's line may follow. --tag begins each line.
 *
 * Memory is bounded: what has to wait goes to one unlinked file (the spool), whose room
 * is given back as it is printed; a line that does not end goes to one of its own (a
 * line of 4 GB is still one line).
 *
 *	output_init(&o, mode, keep_order, loop, drained, data);
 *	output_begin(&o, &j, tag, tag_len);	a job starts, or is tried again
 *	output_live(&o, &j, stream, data, len);	LINES: it wrote something
 *	output_end(&o, &j, blocks);		it ended for good
 *	output_forget(&o, &j);			it will be tried again
 *	output_finish(&o);			no job comes any more; then turn the loop
 *						while output_is_busy()
 *	output_clear(&o);
 *
 * In LINES what a failed try has printed already cannot be taken back. Where something
 * could not be kept, nothing that the job prints after it is shown.
 */
#ifndef MAP_OUTPUT_H
#define MAP_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "map/sink.h"
#include "map/waiting.h"

enum output_mode { OUTPUT_GROUP, OUTPUT_LINES };

/* A job's place in the output; the caller's, one for each job from output_begin() to
 * output_end(). It owns nothing before and after. */
struct output_job {
	uint64_t order; /* from 1, without gaps: the job's number among those to be shown;
			   the caller's to set before output_begin() */
	struct buf tag;
	struct {
		struct buf line; /* a line that has not ended */
		int file;	 /* where it stands when it has become too long; -1 */
		uint64_t len;	 /* of it in the file */
	} streams[2];
	int error; /* why nothing more is kept: -errno; 0 */
};

struct output {
	enum output_mode mode;
	bool keep_order;
	struct spool spool; /* the sink's and waiting's */
	struct sink sink;
	struct waiting waiting; /* keep_order */
	void (*drained)(void *data);
	void *data;
};

/* drained() is called from the loop, when output_is_busy() has ended or a write has
 * failed. o must stay in place. 0 or -errno. */
int output_init(struct output *o, enum output_mode mode, bool keep_order,
		struct loop *loop, void (*drained)(void *data), void *data);

/* 0 or -ENOMEM, and then the job is as before it. */
int output_begin(struct output *o, struct output_job *j, const char *tag, size_t tag_len);

/* 0, or -errno where it could not be kept (a full disk), from then on. */
int output_live(struct output *o, struct output_job *j, unsigned stream, const char *data,
		size_t len);
void output_forget(struct output *o, struct output_job *j);

/* Takes over blocks[0] for stdout and blocks[1] for stderr (each may be empty), which
 * follow whatever came live. 0; -errno where not all could be kept. */
int output_end(struct output *o, struct output_job *j, struct block blocks[2]);

/* Jobs that have not ended hold nobody up any more. */
void output_finish(struct output *o);

/* Whether a reader is so slow that no more should be made for it. */
bool output_is_busy(const struct output *o);

/* errno of a failed write to stdout (0) or stderr (1); what waited and could not be read
 * back counts as stdout's. 0 */
int output_error(const struct output *o, unsigned stream);

void output_clear(struct output *o);

#endif
