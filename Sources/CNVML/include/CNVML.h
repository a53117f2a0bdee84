#ifndef CHORUS_NVML_H
#define CHORUS_NVML_H

#include <stddef.h>

/// The part of NVML, NVIDIA's management library, that we use. It comes with the driver, so it is opened at run time
/// and declared here as its ABI has been since driver R460.

/// What the calls answer, as far as we tell the answers apart.
enum {
    CHORUS_NVML_SUCCESS = 0,
    CHORUS_NVML_NOT_SUPPORTED = 3,
    CHORUS_NVML_NO_PERMISSION = 4,
    CHORUS_NVML_INSUFFICIENT_SIZE = 7,
    CHORUS_NVML_DRIVER_NOT_LOADED = 9,
};

/// Room that any of NVML's texts needs, in bytes.
enum { CHORUS_NVML_TEXT_SIZE = 96 };

/// NVML's own handle of a GPU.
typedef struct chorus_nvml_opaque *chorus_nvml_device;

/// All in bytes. `used` includes what the driver keeps for itself, so that `used + free == total`.
struct chorus_nvml_memory {
    unsigned long long total;
    unsigned long long free;
    unsigned long long used;
};

/// Percent of the last moments in which the GPU computed, and in which its memory was read or written.
struct chorus_nvml_utilization {
    unsigned gpu;
    unsigned memory;
};

/// A process that computes on a GPU.
struct chorus_nvml_process {
    /// As the host numbers it, whatever namespace asks.
    unsigned pid;
    /// All bits are set if the driver does not tell.
    unsigned long long used_bytes;
    unsigned gpu_instance;
    unsigned compute_instance;
};

/// The opened library. Calls that return int answer CHORUS_NVML_SUCCESS or an error. A call that may be NULL is one
/// that this version of the library lacks.
struct chorus_nvml {
    void *_Nonnull library;
    int (*_Nonnull init)(void);
    int (*_Nonnull shutdown)(void);
    int (*_Nonnull device_count)(unsigned *_Nonnull count);
    int (*_Nonnull device_by_index)(unsigned index, chorus_nvml_device _Nullable *_Nonnull device);
    int (*_Nonnull device_name)(chorus_nvml_device _Nonnull device, char *_Nonnull text, unsigned size);
    int (*_Nonnull device_uuid)(chorus_nvml_device _Nonnull device, char *_Nonnull text, unsigned size);
    int (*_Nonnull device_memory)(chorus_nvml_device _Nonnull device, struct chorus_nvml_memory *_Nonnull memory);
    int (*_Nullable device_utilization)(
        chorus_nvml_device _Nonnull device, struct chorus_nvml_utilization *_Nonnull utilization
    );
    /// `*count` is how many fit before the call, and after it how many there are.
    int (*_Nullable device_processes)(
        chorus_nvml_device _Nonnull device, unsigned *_Nonnull count, struct chorus_nvml_process *_Nullable processes
    );
    int (*_Nullable driver_version)(char *_Nonnull text, unsigned size);
    const char *_Nullable (*_Nullable error_string)(int error);
};

/// Opens the library, by name or path. It is not initialised yet.
///
/// Returns NULL, and in `reason` why, if it cannot be loaded or lacks what we cannot do without.
struct chorus_nvml *_Nullable chorus_nvml_open(const char *_Nonnull name, char *_Nonnull reason, size_t size);

/// Closes the library, which must have been shut down, and forgets what `chorus_nvml_open` returned.
void chorus_nvml_close(struct chorus_nvml *_Nonnull nvml);

#endif
