#include "config.h"

#include "map/waiting.h"

#include "base/cleanup.h"

#include <string.h>

enum {
	SLOTS_FIRST = 16,
	PIECE_MAX = 65536, /* a larger one goes to the spool by itself, without a copy */
	BATCH = 64,	   /* chunks that are written at once */
};

/* What a piece is. The first two are the numbers of the streams. */
enum kind {
	KIND_STDOUT,
	KIND_STDERR,
	KIND_TAG,
	KIND_FILE, /* struct file_piece */
};

/* Stands before each piece. */
struct piece {
	uint32_t kind;
	uint32_t len;
};

struct file_piece {
	uint32_t stream;
	uint32_t file; /* which of files[] */
};

/* Stands before each chunk in the spool. */
struct chunk {
	uint64_t next; /* where the job's next one is; 0: this is the last */
	uint64_t len;  /* of what follows */
	uint32_t is_pieces;
	uint32_t stream; /* otherwise it is bytes of this stream */
};

struct waiting_memory {
	struct waiting_memory *next;
	struct waiting_memory **link; /* what points here */
	uint64_t order;
	struct buf pieces;
	size_t last; /* where the last piece begins */
};

/* First the chunks are shown, then what is in memory. */
struct waiting_slot {
	uint64_t first; /* chunk in the spool; 0: none */
	uint64_t last;
	struct waiting_memory *memory;
	bool has_tag; /* among what was kept */
	bool ended;
};

void waiting_init(struct waiting *w, struct spool *spool)
{
	*w = (struct waiting){.spool = spool, .memory = WAITING_MEMORY, .turn = 1};
}

/* -------- the slots -------- */

static struct waiting_slot *slot_of(const struct waiting *w, uint64_t order)
{
	return &w->slots[order & (w->n_slots - 1)];
}

/* After waiting_finish(): its turn has passed, and it has no slot any more. */
static bool is_over(const struct waiting *w, uint64_t order)
{
	return order < w->turn;
}

int waiting_reserve(struct waiting *w, uint64_t order)
{
	size_t n = w->n_slots ? w->n_slots : SLOTS_FIRST;

	if (is_over(w, order))
		return 0;
	while (order - w->turn >= n)
		n *= 2;
	if (n > w->n_slots) {
		struct waiting_slot *slots = calloc(n, sizeof(*slots));

		if (!slots)
			return -ENOMEM;
		for (uint64_t i = w->turn; i - w->turn < w->n_slots; i++)
			slots[i & (n - 1)] = *slot_of(w, i);
		free(w->slots);
		w->slots = slots;
		w->n_slots = n;
	}
	if (order > w->last)
		w->last = order;
	return 0;
}

static bool is_empty(const struct waiting_slot *slot)
{
	return !slot->first && !slot->memory;
}

bool waiting_is_live(const struct waiting *w, uint64_t order)
{
	if (is_over(w, order))
		return true;
	return order == w->turn && w->shown_at == w->shown.len &&
	       (!w->n_slots || is_empty(slot_of(w, order)));
}

/* -------- pieces in memory -------- */

static void drop_memory(struct waiting *w, struct waiting_memory *m)
{
	*m->link = m->next;
	if (m->next)
		m->next->link = m->link;
	w->used -= sizeof(*m) + m->pieces.cap;
	slot_of(w, m->order)->memory = NULL;
	buf_clear(&m->pieces);
	free(m);
}

static int need_memory(struct waiting *w, uint64_t order)
{
	struct waiting_slot *slot = slot_of(w, order);

	if (slot->memory)
		return 0;

	struct waiting_memory *m = malloc(sizeof(*m));

	if (!m)
		return -ENOMEM;
	*m = (struct waiting_memory){.next = w->first, .link = &w->first, .order = order};
	if (m->next)
		m->next->link = &m->next;
	w->first = m;
	w->used += sizeof(*m);
	slot->memory = m;
	return 0;
}

/* -------- chunks -------- */

/* A chunk of the job is at this place of the spool: 0 or -errno. */
static int link_chunk(struct waiting *w, uint64_t order, uint64_t at)
{
	struct waiting_slot *slot = slot_of(w, order);
	int r = 0;

	if (slot->first)
		r = spool_overwrite(w->spool, slot->last + offsetof(struct chunk, next),
				    &at, sizeof(at));
	else
		slot->first = at;
	if (r == 0)
		slot->last = at;
	return r;
}

/* Move up to BATCH jobs' pieces to the spool, in one write: 0 or -errno. *from is the
 * first of them, and then the one after them. */
static int spool_batch(struct waiting *w, struct waiting_memory **from)
{
	struct chunk chunks[BATCH];
	struct iovec parts[2 * BATCH];
	struct waiting_memory *m = *from;
	size_t n = 0;
	uint64_t at;

	for (; m && n < BATCH; m = m->next, n++) {
		chunks[n] = (struct chunk){.len = m->pieces.len, .is_pieces = true};
		parts[2 * n] = (struct iovec){&chunks[n], sizeof(chunks[n])};
		parts[2 * n + 1] = (struct iovec){m->pieces.data, m->pieces.len};
	}

	int r = spool_add(w->spool, parts, 2 * n, &at);

	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++) {
		struct waiting_memory *moved = *from;
		uint64_t size = sizeof(chunks[i]) + chunks[i].len;
		int linked = link_chunk(w, moved->order, at);

		*from = moved->next;
		if (linked == 0) {
			drop_memory(w, moved);
		} else {
			spool_release(w->spool, at, size);
			r = linked;
		}
		at += size;
	}
	return r;
}

/* Move all pieces that are in memory to the spool: 0 or -errno. */
static int spool_all(struct waiting *w)
{
	struct waiting_memory *from = w->first;
	int r = 0;

	while (from && r == 0)
		r = spool_batch(w, &from);
	return r;
}

/* The same for one job, so that a chunk of its own can follow. */
static int spool_job(struct waiting *w, uint64_t order)
{
	struct waiting_memory *m = slot_of(w, order)->memory;

	if (!m)
		return 0;

	struct chunk chunk = {.len = m->pieces.len, .is_pieces = true};
	struct iovec parts[] = {{&chunk, sizeof(chunk)}, {m->pieces.data, m->pieces.len}};
	uint64_t at;
	int r = spool_add(w->spool, parts, ARRAY_SIZE(parts), &at);

	if (r < 0)
		return r;
	r = link_chunk(w, order, at);
	if (r < 0)
		spool_release(w->spool, at, sizeof(chunk) + chunk.len);
	else
		drop_memory(w, m);
	return r;
}

/* A chunk of its own for a large piece: of memory, or (not NULL) of a file. */
static int add_chunk(struct waiting *w, uint64_t order, unsigned stream, const char *data,
		     const struct block *file, uint64_t len)
{
	struct chunk chunk = {.len = len, .stream = stream};
	struct iovec parts[] = {{&chunk, sizeof(chunk)}, {(char *)data, (size_t)len}};
	uint64_t at;
	int r = spool_job(w, order);

	if (r < 0)
		return r;
	if (file)
		r = spool_add_file(w->spool, &chunk, sizeof(chunk), file->file, file->at,
				   len, &at);
	else
		r = spool_add(w->spool, parts, ARRAY_SIZE(parts), &at);
	if (r < 0)
		return r;
	r = link_chunk(w, order, at);
	if (r < 0)
		spool_release(w->spool, at, sizeof(chunk) + len);
	return r;
}

/* -------- what comes -------- */

/* Many small pieces of one stream are one piece: it becomes so much longer. */
static bool lengthen_last(struct waiting_memory *m, enum kind kind, size_t len)
{
	struct piece last;

	if (!m->pieces.len || kind == KIND_TAG || kind == KIND_FILE)
		return false;
	memcpy(&last, m->pieces.data + m->last, sizeof(last));
	if (last.kind != kind || len > UINT32_MAX - last.len)
		return false;
	last.len += (uint32_t)len;
	memcpy(m->pieces.data + m->last, &last, sizeof(last));
	return true;
}

/* Add a piece in memory; what is there makes room for it first: 0 or -errno. */
static int add_piece(struct waiting *w, uint64_t order, enum kind kind, const void *data,
		     size_t len)
{
	struct piece head = {.kind = kind, .len = (uint32_t)len};
	size_t need = sizeof(head) + len;

	if (len > UINT32_MAX)
		return -ENOMEM;
	if (w->used && w->used + need > w->memory) {
		int r = spool_all(w);

		if (r < 0)
			return r;
	}

	int r = need_memory(w, order);

	if (r < 0)
		return r;

	struct waiting_memory *m = slot_of(w, order)->memory;
	size_t cap = m->pieces.cap;

	r = buf_reserve(&m->pieces, need);
	w->used += m->pieces.cap - cap;
	if (r < 0)
		return r;
	if (!lengthen_last(m, kind, len)) {
		m->last = m->pieces.len;
		(void)buf_add(&m->pieces, &head, sizeof(head));
	}
	(void)buf_add(&m->pieces, data, len);
	return 0;
}

static int add_tag(struct waiting *w, uint64_t order, const char *tag, size_t tag_len)
{
	struct waiting_slot *slot = slot_of(w, order);

	if (slot->has_tag || !tag_len)
		return 0;

	int r = add_piece(w, order, KIND_TAG, tag, tag_len);

	slot->has_tag = r == 0;
	return r;
}

int waiting_add(struct waiting *w, uint64_t order, unsigned stream, const char *data,
		size_t len, const char *tag, size_t tag_len)
{
	if (!len)
		return 0;

	int r = add_tag(w, order, tag, tag_len);

	if (r < 0)
		return r;
	if (len > PIECE_MAX)
		return add_chunk(w, order, stream, data, NULL, len);
	return add_piece(w, order, stream == 0 ? KIND_STDOUT : KIND_STDERR, data, len);
}

/* Keep a file as it is: 0, or -errno if there are too many, or no memory. */
static int keep_file(struct waiting *w, uint64_t order, unsigned stream,
		     struct block *block, size_t most)
{
	struct file_piece piece = {.stream = stream};

	if (w->n_files >= most)
		return -EMFILE;
	while (w->files[piece.file].order)
		piece.file++;

	int r = add_piece(w, order, KIND_FILE, &piece, sizeof(piece));

	if (r < 0)
		return r;
	w->files[piece.file] = (struct waiting_file){
		.order = order,
		.fd = take_fd(&block->file),
		.at = block->at,
		.len = block->len,
	};
	w->n_files++;
	return 0;
}

int waiting_add_block(struct waiting *w, uint64_t order, unsigned stream,
		      struct block *block, const char *tag, size_t tag_len)
{
	int r = 0;

	if (block->file < 0) {
		r = waiting_add(w, order, stream, block->mem.data, block->mem.len, tag,
				tag_len);
	} else if (block->len) {
		r = add_tag(w, order, tag, tag_len);
		if (r == 0)
			r = keep_file(w, order, stream, block, WAITING_FILES);
		if (r == -EMFILE)
			r = add_chunk(w, order, stream, NULL, block, block->len);
		/* Rather one more descriptor than output that is lost. */
		if (r < 0 && keep_file(w, order, stream, block, WAITING_FILES_MOST) == 0)
			r = 0;
	}
	block_clear(block);
	return r;
}

void waiting_end(struct waiting *w, uint64_t order)
{
	if (!is_over(w, order))
		slot_of(w, order)->ended = true;
}

void waiting_finish(struct waiting *w)
{
	w->finishing = true;
}

/* -------- what goes -------- */

/* Release a job's chunks, whose heads say how long they are. */
static void drop_chunks(struct waiting *w, struct waiting_slot *slot)
{
	struct chunk chunk;

	while (slot->first &&
	       spool_read(w->spool, slot->first, &chunk, sizeof(chunk)) == 0) {
		spool_release(w->spool, slot->first, sizeof(chunk) + chunk.len);
		slot->first = chunk.next;
	}
	slot->first = 0;
}

static void drop_files(struct waiting *w, uint64_t order)
{
	for (size_t i = 0; w->n_files && i < WAITING_FILES_MOST; i++) {
		if (w->files[i].order != order)
			continue;
		(void)fd_close(w->files[i].fd);
		w->files[i].order = 0;
		w->n_files--;
	}
}

static void clear_shown(struct waiting *w)
{
	w->shown.len = 0;
	w->shown_at = 0;
	if (w->shown.cap > PIECE_MAX)
		buf_clear(&w->shown);
}

void waiting_forget(struct waiting *w, uint64_t order)
{
	struct waiting_slot *slot = slot_of(w, order);

	if (is_over(w, order))
		return;
	drop_chunks(w, slot);
	if (slot->memory)
		drop_memory(w, slot->memory);
	drop_files(w, order);
	if (order == w->turn) {
		clear_shown(w);
		w->tag.len = 0;
	}
	*slot = (struct waiting_slot){0};
}

/* Take a chunk out of the spool: pieces are read, other bytes go to the sink from where
 * they are. */
static int show_chunk(struct waiting *w, struct waiting_slot *slot, struct sink *sink)
{
	uint64_t at = slot->first;
	struct chunk chunk;
	int r = spool_read(w->spool, at, &chunk, sizeof(chunk));

	if (r < 0)
		return r;
	if (chunk.is_pieces) {
		r = buf_reserve(&w->shown, chunk.len);
		if (r == 0)
			r = spool_read(w->spool, at + sizeof(chunk), w->shown.data,
				       chunk.len);
		if (r < 0)
			return r;
		w->shown.len = chunk.len;
	}
	slot->first = chunk.next;
	if (chunk.is_pieces) {
		spool_release(w->spool, at, sizeof(chunk) + chunk.len);
		return 0;
	}

	struct block block = {
		.file = w->spool->fd,
		.spool = w->spool,
		.at = at + sizeof(chunk),
		.len = chunk.len,
	};

	r = sink_add(sink, chunk.stream, &block, w->tag.data, w->tag.len);
	spool_release(w->spool, at, sizeof(chunk));
	return r;
}

static int show_file(struct waiting *w, const struct file_piece *piece, struct sink *sink)
{
	struct waiting_file *file = &w->files[piece->file];
	struct block block = {.file = file->fd, .at = file->at, .len = file->len};

	file->order = 0;
	w->n_files--;
	return sink_add(sink, piece->stream, &block, w->tag.data, w->tag.len);
}

static int show_piece(struct waiting *w, struct sink *sink)
{
	const char *data = w->shown.data + w->shown_at;
	struct piece piece;
	struct file_piece file;

	memcpy(&piece, data, sizeof(piece));
	data += sizeof(piece);
	w->shown_at += sizeof(piece) + piece.len;
	switch (piece.kind) {
	case KIND_TAG:
		w->tag.len = 0;
		return buf_add(&w->tag, data, piece.len);
	case KIND_FILE:
		memcpy(&file, data, sizeof(file));
		return show_file(w, &file, sink);
	default:
		return sink_write(sink, piece.kind, data, piece.len, w->tag.data,
				  w->tag.len);
	}
}

/* Show the next of what waits of the job whose turn it is: 1; 0: nothing does; -errno. */
static int show_next(struct waiting *w, struct sink *sink)
{
	struct waiting_slot *slot = slot_of(w, w->turn);
	int r = 0;

	if (w->shown_at < w->shown.len) {
		r = show_piece(w, sink);
		if (w->shown_at == w->shown.len)
			clear_shown(w);
	} else if (slot->first) {
		r = show_chunk(w, slot, sink);
	} else if (slot->memory) {
		struct buf pieces = slot->memory->pieces;

		w->used -= pieces.cap;
		slot->memory->pieces = BUF_INIT;
		drop_memory(w, slot->memory);
		buf_clear(&w->shown);
		w->shown = pieces;
	} else {
		return 0;
	}
	return r < 0 ? r : 1;
}

void waiting_show(struct waiting *w, struct sink *sink)
{
	while (w->turn <= w->last && !sink_is_busy(sink)) {
		int r = show_next(w, sink);

		if (r < 0) {
			/* What is left of this job is lost; the others have their turn.
			 */
			bool ended = slot_of(w, w->turn)->ended;

			if (!w->error)
				w->error = r;
			waiting_forget(w, w->turn);
			slot_of(w, w->turn)->ended = ended;
		}
		if (r != 0)
			continue;
		if (!slot_of(w, w->turn)->ended && !w->finishing)
			return;
		*slot_of(w, w->turn) = (struct waiting_slot){0};
		w->tag.len = 0;
		w->turn++;
	}
}

void waiting_clear(struct waiting *w)
{
	while (w->first)
		drop_memory(w, w->first);
	for (size_t i = 0; i < WAITING_FILES_MOST; i++)
		if (w->files[i].order)
			(void)fd_close(w->files[i].fd);
	free(w->slots);
	buf_clear(&w->shown);
	buf_clear(&w->tag);
	waiting_init(w, w->spool);
}
