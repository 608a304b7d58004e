/*
 * payload - the map of a Body, and beside its oneof those of all payloads.
 */
#ifndef TROTH_WIRE_PAYLOAD_H
#define TROTH_WIRE_PAYLOAD_H

#include "map.h"

/* Its fields stand in the order of the descriptor's; `sub` of a payload is its map. */
extern const struct troth_map troth_body_map;

#endif
