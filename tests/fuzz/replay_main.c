/* Replays the files of one directory, and each of their beginnings, to a fuzz target. */
#include "fuzz.h"

#include <dirent.h>
#include <string.h>

#define INPUT_MAX ((size_t)8 << 20)
/* Of longer inputs, not every beginning is tried. */
#define CUTS_MAX 512

/* From a copy of exactly that length, so that sanitizers see where it ends. */
static void run(const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len == 0 ? 1 : len);

	MUST(copy != NULL);
	memcpy(copy, data, len);
	(void)LLVMFuzzerTestOneInput(copy, len);
	free(copy);
}

static void replay(const char *dir, const char *name, uint8_t *room)
{
	char path[4096];
	FILE *f;
	size_t len;

	MUST((size_t)snprintf(path, sizeof(path), "%s/%s", dir, name) < sizeof(path));
	f = fopen(path, "rb");
	MUST(f != NULL);
	len = fread(room, 1, INPUT_MAX, f);
	MUST(len < INPUT_MAX);
	(void)fclose(f);
	run(room, len);
	for (size_t cut = 0; cut < len; cut += 1 + len / CUTS_MAX)
		run(room, cut);
}

int main(int argc, char **argv)
{
	unsigned n = 0;
	uint8_t *room = malloc(INPUT_MAX);
	DIR *d = argc == 2 ? opendir(argv[1]) : NULL;

	if (d == NULL || room == NULL) {
		(void)fprintf(stderr, "usage: %s <directory of inputs>\n", argv[0]);
		free(room);
		return 2;
	}
	for (struct dirent *e = readdir(d); e != NULL; e = readdir(d)) {
		if (e->d_name[0] == '.')
			continue;
		replay(argv[1], e->d_name, room);
		n++;
	}
	(void)closedir(d);
	free(room);
	printf("%u inputs of %s\n", n, argv[1]);
	return n > 0 ? 0 : 1; /* A corpus that is gone is not a corpus that passes. */
}
