// libespeak-ng for the native engine: what must be C because it runs between fork() and _exit().
//
// libespeak-ng keeps its state in globals and carries some of it from one text to the next: the second text of a
// process does not sound exactly as it would have as the first. So the worker initialises the library once and never
// speaks; whatever has to be spoken or spelled is, in a fork of that fresh state. No code but the one below runs in the
// child.

#ifndef CHORUS_ESPEAK_SHIM_H
#define CHORUS_ESPEAK_SHIM_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <espeak-ng/speak_lib.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

// How a child ends.
enum {
    CHORUS_ESPEAK_DONE = 0,
    CHORUS_ESPEAK_FAILED = 1,
    CHORUS_ESPEAK_UNKNOWN_VOICE = 2,
};

// Where a child writes its samples. It has no other descriptor above standard error.
enum { CHORUS_ESPEAK_OUTPUT = 3 };

// Stands for "as the voice has it" in the fields below.
enum { CHORUS_ESPEAK_UNSET = -1 };

// One text and how to speak it. Strings are UTF-8.
struct chorus_espeak_job {
    const char *voice;
    const char *text;
    // Files of voices, in pairs: one that is not to be spoken with, and the one to take instead. NULL at the end.
    const char *const *substitutes;
    int rate;    // words per minute
    int pitch;   // 0 to 99
    int volume;  // 0 to 200
    // More than espeakCHARS_UTF8: espeakPHONEMES, if [[…]] in the text is code, and espeakENDPAUSE.
    unsigned flags;
};

// Gives bytes to the parent. Returns 0 when nobody takes them.
static inline int chorus_espeak_write_bytes(const char *bytes, size_t left) {
    while (left > 0) {
        ssize_t written = write(CHORUS_ESPEAK_OUTPUT, bytes, left);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return 0;
        bytes += written;
        left -= (size_t)written;
    }
    return 1;
}

// Gives the samples to the parent. A write to a pipe that nobody reads ends the synthesis.
static inline int chorus_espeak_write(short *samples, int count, espeak_EVENT *events) {
    (void)events;
    if (samples == NULL || count <= 0) return 0;
    return chorus_espeak_write_bytes((const char *)samples, (size_t)count * sizeof(short)) ? 0 : 1;
}

// Chooses a voice as the program espeak-ng does, by name and else by language. Some are replaced, with their variant.
static inline int chorus_espeak_select(const char *voice, const char *const *substitutes) {
    if (espeak_SetVoiceByName(voice) != EE_OK) {
        espeak_VOICE wanted;
        memset(&wanted, 0, sizeof wanted);
        wanted.languages = voice;
        if (espeak_SetVoiceByProperties(&wanted) != EE_OK) return 0;
    }
    const espeak_VOICE *chosen = espeak_GetCurrentVoice();
    // The library takes a language with a variant for a voice, and then is silent.
    if (chosen == NULL || chosen->identifier == NULL) return 0;
    size_t length = strcspn(chosen->identifier, "+");
    for (; substitutes != NULL && *substitutes != NULL; substitutes += 2) {
        if (strlen(substitutes[0]) != length || strncmp(substitutes[0], chosen->identifier, length) != 0) continue;
        char name[256];
        int needed = snprintf(name, sizeof name, "%s%s", substitutes[1], chosen->identifier + length);
        return needed < (int)sizeof name && espeak_SetVoiceByName(name) == EE_OK;
    }
    return 1;
}

// Does what the program espeak-ng does for `espeak-ng -v VOICE --stdout TEXT`, in the same order.
static inline int chorus_espeak_speak(const struct chorus_espeak_job *job) {
    if (!chorus_espeak_select(job->voice, job->substitutes)) return CHORUS_ESPEAK_UNKNOWN_VOICE;
    if (job->rate != CHORUS_ESPEAK_UNSET) espeak_SetParameter(espeakRATE, job->rate, 0);
    if (job->volume != CHORUS_ESPEAK_UNSET) espeak_SetParameter(espeakVOLUME, job->volume, 0);
    if (job->pitch != CHORUS_ESPEAK_UNSET) espeak_SetParameter(espeakPITCH, job->pitch, 0);
    const unsigned flags = espeakCHARS_UTF8 | job->flags;
    espeak_ERROR result = espeak_Synth(job->text, strlen(job->text) + 1, 0, POS_CHARACTER, 0, flags, NULL, NULL);
    return result == EE_OK ? CHORUS_ESPEAK_DONE : CHORUS_ESPEAK_FAILED;
}

// Writes the phonemes of a text, in the library's own letters.
static inline int chorus_espeak_spell(const char *voice, const char *text) {
    if (!chorus_espeak_select(voice, NULL)) return CHORUS_ESPEAK_UNKNOWN_VOICE;
    const void *rest = text;
    while (rest != NULL) {
        const char *phonemes = espeak_TextToPhonemes(&rest, espeakCHARS_UTF8, 0);
        if (phonemes == NULL || !chorus_espeak_write_bytes(phonemes, strlen(phonemes))) return CHORUS_ESPEAK_FAILED;
    }
    return CHORUS_ESPEAK_DONE;
}

// Initialises the library for the jobs to come. Returns the sample rate in Hz, or -1 when its data is missing.
static inline int chorus_espeak_initialize(void) {
    int rate = espeak_Initialize(AUDIO_OUTPUT_SYNCHRONOUS, 0, NULL, espeakINITIALIZE_DONT_EXIT);
    espeak_SetSynthCallback(chorus_espeak_write);
    return rate;
}

// Forks. In the child, which has nothing but its output and standard streams, it returns 0; in the parent the child's id
// and where its output comes out, or -1 with errno.
//
// The library's helper thread waits for texts to play, of which there are none, and does not exist in the child. The
// child does not need it: in synchronous mode it speaks itself. malloc is safe, because glibc keeps it so over a fork.
// The parent-death signal comes when the forking *thread* ends: call this from the main thread.
static inline pid_t chorus_espeak_fork(int *output) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return -1;
    pid_t parent = getpid();
    pid_t child = fork();
    if (child == 0) {
        // A parent that died before prctl sends no signal; then the child has another parent already.
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent) _exit(CHORUS_ESPEAK_FAILED);
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        signal(SIGPIPE, SIG_DFL);
        // Clients must see their connection close when the parent closes it, whatever the child still does.
        if (dup2(ends[1], CHORUS_ESPEAK_OUTPUT) < 0) _exit(CHORUS_ESPEAK_FAILED);
        close_range(CHORUS_ESPEAK_OUTPUT + 1, UINT_MAX, 0);
        return 0;
    }
    int error = errno;
    close(ends[1]);
    if (child < 0) close(ends[0]);
    else *output = ends[0];
    errno = error;
    return child;
}

// Starts a process that speaks: its samples come out of `*output`. Returns its id, or -1 with errno.
static inline pid_t chorus_espeak_start(const struct chorus_espeak_job *job, int *output) {
    pid_t child = chorus_espeak_fork(output);
    if (child == 0) _exit(chorus_espeak_speak(job));
    return child;
}

// Starts a process that writes the phonemes of a text to `*output`. Returns its id, or -1 with errno.
static inline pid_t chorus_espeak_start_spelling(const char *voice, const char *text, int *output) {
    pid_t child = chorus_espeak_fork(output);
    if (child == 0) _exit(chorus_espeak_spell(voice, text));
    return child;
}

#endif
