/*
 * score - `troth score`: what became of the promises that a node knows, added up.
 *
 * doc/scores.md defines each count. The node counts slice by slice; this adds the
 * slices up.
 */
#ifndef TROTH_CTL_SCORE_H
#define TROTH_CTL_SCORE_H

/*
 * Runs the command; argv[0] is its name. Returns the exit code: 0 done, 1 the node
 * refused or did not answer, 2 usage.
 */
int troth_ctl_score(int argc, char **argv);

#endif
