/*
 * limits - how long names and codes may be, everywhere.
 */
#ifndef TROTH_CORE_LIMITS_H
#define TROTH_CORE_LIMITS_H

/* Lengths of text fields, in bytes without the NUL. */
#define TROTH_PARTY_MAX    32
#define TROTH_SITE_MAX     32
#define TROTH_ORIGIN_MAX   200
#define TROTH_ACTOR_MAX    64
#define TROTH_CUSTOMER_MAX 64
#define TROTH_SKU_MAX      64
#define TROTH_CODE_MAX     32
#define TROTH_FIRM_MAX     80
#define TROTH_LANGUAGE_MAX 35 /* A tag (RFC 5646). */

#endif
