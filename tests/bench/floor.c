/* The least an expand can cost: the same folders, files and bytes, written the plainest way.
 *
 *   tt_bench_floor SOURCE TARGET
 *
 * Reads all of SOURCE into memory, then makes TARGET (which must not exist) with the same folders, files and links.
 * Only the second half is timed. Prints "SECONDS seconds, N folders, N files, N bytes". */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum kind { folder, file, symbolic_link };

struct entry {
  enum kind kind;
  char* path;    /* below SOURCE while reading, below TARGET while writing */
  char* content; /* of a file; target of a link */
  size_t size;
};

static struct entry* entries;
static size_t count, capacity;

static void fail(const char* what, const char* path) {
  fprintf(stderr, "tt_bench_floor: cannot %s %s: %s\n", what, path, strerror(errno));
  exit(1);
}

static void* or_die(void* memory) {
  if (memory == NULL) fail("get", "memory");
  return memory;
}

static void read_file(struct entry* entry) {
  const int fd = open(entry->path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) fail("read", entry->path);
  size_t have = 0;
  while (have < entry->size) {
    const ssize_t got = read(fd, entry->content + have, entry->size - have);
    if (got < 0) fail("read", entry->path);
    if (got == 0) break;
    have += (size_t)got;
  }
  entry->size = have;
  close(fd);
}

static void read_link(struct entry* entry) {
  const ssize_t length = readlink(entry->path, entry->content, entry->size);
  if (length < 0) fail("read", entry->path);
  entry->content[length] = '\0';
}

static int remember(const char* path, const struct stat* status, int type, struct FTW* walk) {
  (void)walk;
  if (type == FTW_DNR || type == FTW_NS) {
    errno = EACCES;
    fail("read", path);
  }
  const int is_file = S_ISREG(status->st_mode), is_link = S_ISLNK(status->st_mode);
  if (!is_file && !is_link && !S_ISDIR(status->st_mode)) return 0;
  if (count == capacity) {
    capacity = capacity == 0 ? 1024 : 2 * capacity;
    entries = or_die(realloc(entries, capacity * sizeof *entries));
  }
  struct entry* entry = &entries[count++];
  entry->kind = is_file ? file : is_link ? symbolic_link : folder;
  entry->path = or_die(strdup(path));
  entry->size = (size_t)status->st_size;
  entry->content = or_die(malloc(entry->size + 1));
  if (is_file) read_file(entry);
  if (is_link) read_link(entry);
  return 0;
}

static int by_path(const void* a, const void* b) {
  return strcmp(((const struct entry*)a)->path, ((const struct entry*)b)->path);
}

static void move_below(const char* source, const char* target) {
  for (size_t i = 0; i < count; ++i) {
    char* moved = NULL;
    if (asprintf(&moved, "%s%s", target, entries[i].path + strlen(source)) < 0) fail("get", "memory");
    free(entries[i].path);
    entries[i].path = moved;
  }
}

static void write_file(const struct entry* entry) {
  const int fd = open(entry->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd < 0) fail("make", entry->path);
  for (size_t done = 0; done < entry->size;) {
    const ssize_t written = write(fd, entry->content + done, entry->size - done);
    if (written < 0) fail("write", entry->path);
    done += (size_t)written;
  }
  if (close(fd) != 0) fail("write", entry->path);
}

static void write_all(void) {
  for (size_t i = 0; i < count; ++i) { /* sorted by path: a folder comes before what is in it */
    const struct entry* entry = &entries[i];
    if (entry->kind == folder && mkdir(entry->path, 0777) != 0) fail("make", entry->path);
    if (entry->kind == file) write_file(entry);
    if (entry->kind == symbolic_link && symlink(entry->content, entry->path) != 0) fail("make", entry->path);
  }
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

int main(int argc, char** argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: tt_bench_floor SOURCE TARGET\n");
    return 2;
  }
  for (size_t end = strlen(argv[1]); end > 1 && argv[1][end - 1] == '/';) argv[1][--end] = '\0';
  if (nftw(argv[1], remember, 64, FTW_PHYS) != 0) fail("read", argv[1]);
  qsort(entries, count, sizeof *entries, by_path);
  move_below(argv[1], argv[2]);

  const double begin = now();
  write_all();
  const double seconds = now() - begin;

  size_t folders = 0, files = 0, bytes = 0;
  for (size_t i = 0; i < count; ++i) {
    folders += entries[i].kind == folder;
    files += entries[i].kind == file;
    bytes += entries[i].kind == file ? entries[i].size : 0;
  }
  printf("%.6f seconds, %zu folders, %zu files, %zu bytes\n", seconds, folders, files, bytes);
  return 0;
}
