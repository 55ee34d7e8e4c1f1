/*
 * Names of users, asked for once each.
 *
 * The C library may ask a server (LDAP, NIS) for each of them, so answers are kept as
 * long as the program runs. Where nobody knows an id, as in a user namespace, its number
 * is the name.
 */
#ifndef SYSINFO_NAMES_H
#define SYSINFO_NAMES_H

#include <stdbool.h>
#include <sys/types.h>

/* Valid until the program ends; never NULL but for lack of memory. */
const char *name_of_user(uid_t uid);

/* A user's name or number: false where there is no such user. */
bool name_find_user(const char *name, uid_t *ret);

void names_clear(void);

#endif
