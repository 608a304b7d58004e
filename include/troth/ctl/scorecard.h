/*
 * scorecard - `troth scorecard`: how parties do, by what a node knows.
 *
 * doc/scores.md defines each figure. The node counts slice by slice; this adds the
 * slices up and works out ratios, means and percentiles.
 */
#ifndef TROTH_CTL_SCORECARD_H
#define TROTH_CTL_SCORECARD_H

/*
 * Runs the command; argv[0] is its name. Returns the exit code: 0 done, 1 the node
 * refused or did not answer, 2 usage.
 */
int troth_ctl_scorecard(int argc, char **argv);

#endif
