// A command that uses the C library's files, directories and clocks below /data, and prints what
// came of each call.

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv) {
  char text[256];
  size_t count = fread(text, 1, sizeof text, stdin);
  printf("content-type: text/plain\n\n");
  printf("path %s, body %zu, arguments %d, terminal %d\n", getenv("PATH_INFO"), count, argc, isatty(1));

  struct timespec pause = {0, 2000000};
  printf("sleep %d\n", nanosleep(&pause, NULL));

  FILE *file = fopen("/data/c.txt", "w+");
  fprintf(file, "hello %d\n", 5);
  fseek(file, 0, SEEK_SET);
  printf("read %s", fgets(text, sizeof text, file));
  fclose(file);
  file = fopen("/data/c.txt", "a");
  fputs("more\n", file);
  fclose(file);

  struct stat info;
  int status = stat("/data/c.txt", &info);
  printf("stat %d, %lld bytes, regular %d\n", status, (long long)info.st_size, S_ISREG(info.st_mode));

  printf("mkdir %d\n", mkdir("/data/sub", 0777));
  printf("symlink %d\n", symlink("../c.txt", "/data/sub/link"));
  ssize_t length = readlink("/data/sub/link", text, sizeof text - 1);
  printf("readlink %.*s\n", (int)length, text);
  file = fopen("/data/sub/link", "r");
  printf("through the link %s", fgets(text, sizeof text, file));
  fclose(file);

  int entries = 0;
  DIR *directory = opendir("/data");
  while (readdir(directory) != NULL) entries++;
  closedir(directory);
  printf("entries %d\n", entries);
  printf("rename %d\n", rename("/data/c.txt", "/data/sub/moved"));
  printf("remove %d", unlink("/data/sub/link"));
  printf(" %d", unlink("/data/sub/moved"));
  printf(" %d\n", rmdir("/data/sub"));

  int fd = open("/data/../outside", O_RDONLY);
  printf("outside %d, %s\n", fd, strerror(errno));
  fd = open("/data/nothing", O_RDONLY);
  printf("nothing %d, %s\n", fd, strerror(errno));
  return 4;
}
