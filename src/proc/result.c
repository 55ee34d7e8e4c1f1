#include "config.h"

#include "proc/result.h"

#include "base/cleanup.h"

#include <stdio.h>

void result_init(struct result *r)
{
	*r = RESULT_INIT;
}

void result_clear(struct result *r)
{
	for (size_t i = 0; i < r->n_stages; i++)
		child_clear(&r->stages[i].child);
	free(r->stages);
	free(r->signals);
	free(r->holders.items);
	free(r->survivors.items);
	spawn_error_clear(&r->error);
	capture_clear(&r->out);
	capture_clear(&r->err);
	result_init(r);
}

int result_add_signal(struct result *r, int signal, nsec_t at)
{
	struct result_signal *signals =
		reallocarray(r->signals, r->n_signals + 1, sizeof(*signals));

	if (!signals)
		return -ENOMEM;
	r->signals = signals;
	signals[r->n_signals++] = (struct result_signal){.signal = signal, .at = at};
	return 0;
}

int result_add_process(struct result_process_list *list, pid_t pid, const char *comm,
		       int error)
{
	struct result_process *items =
		reallocarray(list->items, list->n + 1, sizeof(*items));

	if (!items)
		return -ENOMEM;
	list->items = items;
	items[list->n] = (struct result_process){.pid = pid, .error = error};
	(void)snprintf(items[list->n].comm, sizeof(items[list->n].comm), "%s", comm);
	list->n++;
	return 0;
}

enum outcome outcome_of(const struct wait_status *status)
{
	return status->signal ? OUTCOME_SIGNALED : OUTCOME_EXITED;
}
