import CICU

/// Finds the boundaries of a text by ICU's rules (and its dictionaries, for scripts written without spaces).
///
/// Not `Sendable`: an ICU iterator belongs to one thread at a time.
final class BreakIterator {
    /// What to find boundaries between.
    enum Kind {
        case graphemes, words, sentences
    }

    private let handle: OpaquePointer

    init(_ kind: Kind) {
        let type =
            switch kind {
            case .graphemes: UBRK_CHARACTER
            case .words: UBRK_WORD
            case .sentences: UBRK_SENTENCE
            }
        guard let handle = cicu_break_open(type) else {
            preconditionFailure("libicu is linked, so its break rules are there")
        }
        self.handle = handle
    }

    deinit { cicu_break_close(handle) }

    /// The end of each grapheme, word or sentence, as indices of the slice; the last is its end.
    func boundaries(in units: ArraySlice<UInt16>) -> [Int] {
        units.withUnsafeBufferPointer { buffer in
            var boundaries: [Int] = []
            guard cicu_break_set_text(handle, buffer.baseAddress, Int32(buffer.count)) != 0 else {
                preconditionFailure("libicu takes any UTF-16 text")
            }
            while true {
                let boundary = cicu_break_next(handle)
                guard boundary >= 0 else { return boundaries }
                boundaries.append(units.startIndex + Int(boundary))
            }
        }
    }
}
