#ifndef FAKE_NVML_H
#define FAKE_NVML_H

/// A stand-in for libnvidia-ml.so.1. Its GPUs are directories beside the library file, read anew at each call, so a copy of
/// the file in a directory of its own is a machine of its own:
///
///     gpu0/name           optional
///     gpu0/uuid           optional
///     gpu0/total          bytes; without this file the GPU is lost, until the library is initialised anew
///     gpu0/used/NAME      bytes; the memory used is the sum; a NAME that is a number is a process's pid
///
/// Without any GPU the driver has gone: whoever was initialised then gets errors until it initialises anew.

#endif
