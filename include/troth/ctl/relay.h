/*
 * relay - a cable between a gateway and central that can be pulled out.
 *
 * It listens on a loopback port and carries bytes to another, both ways, on a
 * thread of its own. Cut, it drops what it carries and refuses new connections.
 * For demonstrations and rehearsals without root's powers.
 */
#ifndef TROTH_CTL_RELAY_H
#define TROTH_CTL_RELAY_H

#include "troth/base/err.h"

#include <stdint.h>

struct troth_relay;

#define TROTH_RELAY_PAIRS_MAX 16 /* Connections at one time; more are refused. */

/*
 * Listens on a free loopback port (troth_relay_port) and carries to `target` on
 * loopback. *out is NULL on failure.
 */
TROTH_MUST_USE enum troth_err troth_relay_open(struct troth_relay **out, uint16_t target,
					       struct troth_why *why);

/* Ends the thread and every connection. NULL is fine. */
void troth_relay_close(struct troth_relay *r);

uint16_t troth_relay_port(const struct troth_relay *r);

/* Pulls the cable out; returns when nothing is carried any more. */
void troth_relay_cut(struct troth_relay *r);
/* Puts it back. */
void troth_relay_heal(struct troth_relay *r);

#endif
