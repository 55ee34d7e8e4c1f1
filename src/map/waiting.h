/*
 * What jobs have printed before their turn, kept in pieces, and shown in their order.
 *
 *	waiting_init(&w, &spool);
 *	r = waiting_reserve(&w, order);		a job begins
 *	if (waiting_is_live(&w, order)) ...	it need not wait
 *	r = waiting_add(&w, order, stream, data, len, tag, tag_len);
 *	waiting_end(&w, order);			it has ended: the next one may come
 *	waiting_show(&w, &sink);		what has its turn, while the sink takes it
 *	waiting_clear(&w);
 *
 * Jobs are numbered from 1 without gaps. Their pieces wait in memory together until they
 * are too many, then all of these go to the spool at once, as a chunk for each job.
 * Chunks name their successor, so that a job that waits costs a slot of 32 bytes here,
 * however much it has printed and in however small pieces. Files are kept as they are,
 * as long as they are few.
 */
#ifndef MAP_WAITING_H
#define MAP_WAITING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "map/sink.h"
#include "map/spool.h"

enum {
	WAITING_MEMORY = 256 << 10,
	WAITING_FILES = 16,	 /* so many are kept as they are, */
	WAITING_FILES_MOST = 64, /* and so many where the disk is full */
};

struct waiting_slot;   /* waiting.c's: one job */
struct waiting_memory; /* its pieces that are in memory */

struct waiting_file {
	uint64_t order; /* whose; 0: free */
	int fd;
	uint64_t at;
	uint64_t len;
};

struct waiting {
	struct spool *spool;
	size_t memory;		    /* what may wait in memory: WAITING_MEMORY */
	uint64_t turn;		    /* the job that is shown */
	uint64_t last;		    /* the last one that was reserved */
	struct waiting_slot *slots; /* a ring, from turn on */
	size_t n_slots;		    /* a power of two */
	struct waiting_memory *first;
	size_t used; /* memory, by all of them */
	struct waiting_file files[WAITING_FILES_MOST];
	size_t n_files;
	struct buf shown; /* pieces of the job that is shown, which are next */
	size_t shown_at;
	struct buf tag;
	bool finishing;
	int error; /* what waited could not be read back: -errno; 0 */
};

void waiting_init(struct waiting *w, struct spool *spool);

/* Have a slot for this job: 0 or -ENOMEM. */
int waiting_reserve(struct waiting *w, uint64_t order);

/* Whether it is this job's turn and nothing of it waits. */
bool waiting_is_live(const struct waiting *w, uint64_t order);

/* Keep a piece of a job that has a slot: 0, or -errno where it could not be kept. The tag
 * of a job's first piece is that of all. */
int waiting_add(struct waiting *w, uint64_t order, unsigned stream, const char *data,
		size_t len, const char *tag, size_t tag_len);

/* The same with a block, which is taken over in any case. */
int waiting_add_block(struct waiting *w, uint64_t order, unsigned stream,
		      struct block *block, const char *tag, size_t tag_len);

void waiting_end(struct waiting *w, uint64_t order);

/* Drop what waits of this job; its slot stays. */
void waiting_forget(struct waiting *w, uint64_t order);

/* Jobs that have not ended are not waited for any more; what they print yet is live. */
void waiting_finish(struct waiting *w);

void waiting_show(struct waiting *w, struct sink *sink);
void waiting_clear(struct waiting *w);

#endif
