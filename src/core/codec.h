/* codec - the parts of a state that have files of their own. */
#ifndef TROTH_CORE_CODEC_H
#define TROTH_CORE_CODEC_H

#include "pen.h"

#include "troth/core/model.h"

/* codec_authority.c */
void troth_put_authority(struct pen *b, const struct troth_authority *a);
void troth_get_authority(struct troth_reader *r, struct troth_authority *a);
/* No encoding of it is longer. */
size_t troth_longest_authority(const struct troth_authority *a);

/* codec_recovery.c */
void troth_alarms_encode(struct pen *b, const struct troth_subject *s);
void troth_alarms_decode(struct troth_reader *r, struct troth_subject *s);
void troth_recoveries_encode(struct pen *b, const struct troth_subject *s);
void troth_recoveries_decode(struct troth_reader *r, struct troth_subject *s);
/* No encoding of both is longer. */
size_t troth_longest_recoveries(const struct troth_subject *s);

#endif
