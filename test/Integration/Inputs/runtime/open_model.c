/* Opens a model and runs it on zeros with the pool's threads. */
#include "nibble/Runtime/nibble_loader.h"
#include <stdio.h>

int main(int count, char **arguments) {
  nibble_model model;
  char error[256];
  if (count != 2 || nibble_model_open(&model, arguments[1], "digits", 2, error, sizeof error)) {
    fprintf(stderr, "%s\n", count == 2 ? error : "expected a library");
    return 1;
  }
  float image[64] = {0}, logits[10];
  const void *inputs[] = {image};
  void *outputs[] = {logits};
  int64_t batch = 1;
  printf("%s: status %d\n", model.desc->name, nibble_model_run(&model, inputs, outputs, &batch));
  nibble_model_close(&model);
  return 0;
}
