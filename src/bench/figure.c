/* Times, and what is printed of them. */
#include "bench.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

double bench_now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void bench_wait_until(double until)
{
	double left = until - bench_now();
	struct timespec t = { .tv_sec = (time_t)left };

	if (left <= 0)
		return;
	t.tv_nsec = (long)((left - (double)t.tv_sec) * 1e9);
	(void)ppoll(NULL, 0, &t, NULL);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

void bench_sort(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), by_value);
}

double bench_quantile(const double *values, size_t count, double q)
{
	size_t i = (size_t)(q * (double)count);

	return values[i < count ? i : count - 1];
}

void bench_print(const struct bench *b, const char *name, double value, const char *unit,
		 const char *ratio_to, double ratio)
{
	if (b->json) {
		printf("{\"name\":\"%s\",\"value\":%.1f,\"unit\":\"%s\"", name, value,
		       unit);
		if (ratio_to != NULL)
			printf(",\"ratio_to\":\"%s\",\"ratio\":%.4f}\n", ratio_to, ratio);
		else
			printf(",\"ratio_to\":null,\"ratio\":null}\n");
	} else if (ratio_to != NULL) {
		printf("%-32s %12.0f %-5s = %.3f x %s\n", name, value, unit, ratio,
		       ratio_to);
	} else {
		printf("%-32s %12.0f %-5s\n", name, value, unit);
	}
	(void)fflush(stdout);
}
