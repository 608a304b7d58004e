/* demo_story - the story that `troth demo` plays. */
#ifndef TROTH_CTL_DEMO_STORY_H
#define TROTH_CTL_DEMO_STORY_H

#include "demo_kit.h"

/* Plays it on an open stage, up to the first step that does not hold: d->failed. */
void demo_play(struct demo *d);

#endif
