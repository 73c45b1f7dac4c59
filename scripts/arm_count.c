/* A plugin of qemu-user: adds up the instructions of every block that runs, and writes the sum into a file at the end.

   The declarations are those of qemu's include/qemu/qemu-plugin.h, version 1 of its interface (qemu 4.2 to 8.2), which no
   package of Debian has. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct qemu_plugin_tb;
enum { ADD_U64 };
void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, void (*made)(uint64_t id, struct qemu_plugin_tb *block));
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *block, int op, void *to, uint64_t number);
void qemu_plugin_register_atexit_cb(uint64_t id, void (*ended)(uint64_t id, void *data), void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);

int qemu_plugin_version = 1;
static uint64_t count;
static char place[4096];

static void made(uint64_t id, struct qemu_plugin_tb *block) {
  (void)id;
  qemu_plugin_register_vcpu_tb_exec_inline(block, ADD_U64, &count, qemu_plugin_tb_n_insns(block));
}

static void ended(uint64_t id, void *data) {
  (void)id, (void)data;
  FILE *file = fopen(place, "w");
  if (file == NULL) return;
  fprintf(file, "%llu\n", (unsigned long long)count);
  fclose(file);
}

int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv) {
  (void)info;
  if (argc != 1 || strncmp(argv[0], "out=", 4) != 0) return 1;
  snprintf(place, sizeof place, "%s", argv[0] + 4);
  qemu_plugin_register_vcpu_tb_trans_cb(id, made);
  qemu_plugin_register_atexit_cb(id, ended, NULL);
  return 0;
}
