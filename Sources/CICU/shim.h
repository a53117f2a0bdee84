// The few functions of libicu that Chorus needs. ICU's C names are macros that carry the library's version
// (`ubrk_open` is `ubrk_open_72`), which Swift does not see: hence a wrapper for each.

#ifndef CHORUS_CICU_SHIM_H
#define CHORUS_CICU_SHIM_H

#include <stdint.h>
#include <unicode/ubrk.h>
#include <unicode/uscript.h>

/// Opens an iterator with the root locale's rules. Returns NULL when libicu lacks its data.
static inline UBreakIterator *_Nullable cicu_break_open(UBreakIteratorType type) {
    UErrorCode status = U_ZERO_ERROR;
    UBreakIterator *iterator = ubrk_open(type, "", NULL, 0, &status);
    return U_SUCCESS(status) ? iterator : NULL;
}

static inline void cicu_break_close(UBreakIterator *_Nonnull iterator) {
    ubrk_close(iterator);
}

/// Points the iterator at UTF-16 text, which is not copied and has to outlive its use. Returns 0 on failure.
static inline int cicu_break_set_text(
    UBreakIterator *_Nonnull iterator,
    const uint16_t *_Nullable units,
    int32_t count
) {
    UErrorCode status = U_ZERO_ERROR;
    ubrk_setText(iterator, (const UChar *)units, count, &status);
    return U_SUCCESS(status);
}

/// The next boundary as a UTF-16 offset, or a negative number after the last.
static inline int32_t cicu_break_next(UBreakIterator *_Nonnull iterator) {
    return ubrk_next(iterator);
}

/// The script of a code point.
static inline UScriptCode cicu_script(uint32_t codePoint) {
    UErrorCode status = U_ZERO_ERROR;
    return uscript_getScript((UChar32)codePoint, &status);
}

#endif
