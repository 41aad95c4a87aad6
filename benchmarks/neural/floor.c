/* The floor: a program on ONNX Runtime's C API that knows its model, one thread, float arrays in and out.
 *
 * floor LIBRARY MODEL INPUT LEVEL CLASSES SIZE...
 *
 * INPUT is the input's name, LEVEL the optimization level (0 or 99), SIZE the sizes of one input without the batch;
 * the output is `logits` [batch, CLASSES]. On stdin: "BATCH CALLS\n" and the floats of a batch in native order. On
 * stdout: the nanoseconds of each call as uint64, then the floats of the last answer. A call is all that a user of
 * the C API does for one: an OrtValue over the caller's array, Run, the answer copied into the caller's array, both
 * values released.
 *
 * The header of the C API is in no wheel. OrtApi is a table of function pointers to which releases only append, so
 * the indices below, all of API version 1, are the order of `struct OrtApi` in onnxruntime_c_api.h.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef void *Status;
typedef struct {
    const void *const *(*get_api)(uint32_t version);
    const char *(*get_version)(void);
} ApiBase;

static const void *const *api;
#define CALL(index, types, ...) ((Status(*) types)api[index])(__VA_ARGS__)
#define CREATE_ENV(...) CALL(3, (int, const char *, void **), __VA_ARGS__)
#define CREATE_SESSION(...) CALL(7, (void *, const char *, void *, void **), __VA_ARGS__)
#define RUN(...) CALL(9, (void *, void *, const char **, void **, size_t, const char **, size_t, void **), __VA_ARGS__)
#define CREATE_SESSION_OPTIONS(...) CALL(10, (void **), __VA_ARGS__)
#define SET_OPTIMIZATION_LEVEL(...) CALL(23, (void *, int), __VA_ARGS__)
#define SET_INTRA_OP_THREADS(...) CALL(24, (void *, int), __VA_ARGS__)
#define SET_INTER_OP_THREADS(...) CALL(25, (void *, int), __VA_ARGS__)
#define CREATE_TENSOR(...) CALL(49, (void *, void *, size_t, const int64_t *, size_t, int, void **), __VA_ARGS__)
#define TENSOR_DATA(...) CALL(51, (void *, void **), __VA_ARGS__)
#define CREATE_CPU_MEMORY_INFO(...) CALL(69, (int, int, void **), __VA_ARGS__)
#define RELEASE_VALUE(value) ((void (*)(void *))api[96])(value)
enum { API_VERSION = 22, LOG_ERROR = 3, FLOAT = 1, DEVICE_ALLOCATOR = 0, MEMORY_DEFAULT = 0, LARGEST_RANK = 8 };

static void checked(Status status, const char *what) {
    if (status == NULL) return;
    fprintf(stderr, "%s: %s\n", what, ((const char *(*)(void *))api[2])(status));
    exit(1);
}

static uint64_t nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void *memory;

static void call(void *session, const char *input, float *in, size_t count, const int64_t *shape, size_t rank,
                 float *out, size_t answered) {
    static const char *const logits = "logits";
    const char *inputs[1] = {input}, *outputs[1] = {logits};
    void *given = NULL, *made = NULL, *values = NULL;
    checked(CREATE_TENSOR(memory, in, count * sizeof(float), shape, rank, FLOAT, &given), "CreateTensorWithData");
    checked(RUN(session, NULL, inputs, &given, 1, outputs, 1, &made), "Run");
    checked(TENSOR_DATA(made, &values), "GetTensorMutableData");
    memcpy(out, values, answered * sizeof(float));
    RELEASE_VALUE(made);
    RELEASE_VALUE(given);
}

int main(int argc, char **argv) {
    if (argc < 7 || argc - 6 > LARGEST_RANK - 1) return 2;
    const char *input = argv[3];
    void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) return fprintf(stderr, "%s\n", dlerror()), 1;
    const ApiBase *(*base)(void);
    *(void **)&base = dlsym(library, "OrtGetApiBase");
    api = base()->get_api(API_VERSION);

    void *environment, *options, *session;
    checked(CREATE_ENV(LOG_ERROR, "floor", &environment), "CreateEnv");
    checked(CREATE_SESSION_OPTIONS(&options), "CreateSessionOptions");
    checked(SET_OPTIMIZATION_LEVEL(options, atoi(argv[4])), "SetSessionGraphOptimizationLevel");
    checked(SET_INTRA_OP_THREADS(options, 1), "SetIntraOpNumThreads");
    checked(SET_INTER_OP_THREADS(options, 1), "SetInterOpNumThreads");
    checked(CREATE_SESSION(environment, argv[2], options, &session), "CreateSession");
    checked(CREATE_CPU_MEMORY_INFO(DEVICE_ALLOCATOR, MEMORY_DEFAULT, &memory), "CreateCpuMemoryInfo");

    const size_t classes = strtoul(argv[5], NULL, 10), rank = (size_t)argc - 5;
    int64_t shape[LARGEST_RANK];
    size_t one = 1;
    for (size_t i = 1; i < rank; i++) one *= (size_t)(shape[i] = atoll(argv[5 + i]));
    for (unsigned batch, calls; scanf("%u %u", &batch, &calls) == 2 && getchar() == '\n';) {
        shape[0] = batch;
        const size_t count = one * batch, answered = classes * batch;
        float *in = malloc(count * sizeof(float)), *out = malloc(answered * sizeof(float));
        uint64_t *taken = malloc(calls * sizeof(uint64_t));
        if (in == NULL || out == NULL || taken == NULL || fread(in, sizeof(float), count, stdin) != count) return 1;
        for (unsigned i = 0; i < calls; i++) {
            const uint64_t before = nanoseconds();
            call(session, input, in, count, shape, rank, out, answered);
            taken[i] = nanoseconds() - before;
        }
        fwrite(taken, sizeof(uint64_t), calls, stdout);
        fwrite(out, sizeof(float), answered, stdout);
        fflush(stdout);
        free(in), free(out), free(taken);
    }
    return 0;
}
