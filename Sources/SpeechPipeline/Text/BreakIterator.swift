import CICU
import Synchronization

/// Finds the boundaries of a text by ICU's rules (and its dictionaries, for scripts written without spaces).
///
/// Not `Sendable`: an ICU iterator belongs to one thread at a time.
final class BreakIterator {
    /// What to find boundaries between.
    enum Kind {
        case graphemes, words, sentences
    }

    /// An iterator that nobody uses just now.
    private struct Spare {
        var kind: Kind
        /// Its handle's address: whoever takes it out of the list is the only one to use it.
        var address: UInt
    }

    /// Opening an iterator takes longer than cutting most texts.
    private static let spares = Mutex<[Spare]>([])
    private static let maxSpares = 8

    private let kind: Kind
    private let handle: OpaquePointer

    init(_ kind: Kind) {
        self.kind = kind
        handle = Self.spare(kind) ?? Self.open(kind)
    }

    deinit {
        // The text that it was pointed at may be gone.
        guard cicu_break_set_text(handle, nil, 0) != 0, Self.keeps(Spare(kind: kind, address: UInt(bitPattern: handle)))
        else {
            return cicu_break_close(handle)
        }
    }

    private static func open(_ kind: Kind) -> OpaquePointer {
        let type =
            switch kind {
            case .graphemes: UBRK_CHARACTER
            case .words: UBRK_WORD
            case .sentences: UBRK_SENTENCE
            }
        guard let handle = cicu_break_open(type) else {
            preconditionFailure("libicu is linked, so its break rules are there")
        }
        return handle
    }

    private static func spare(_ kind: Kind) -> OpaquePointer? {
        let address = spares.withLock { spares in
            spares.firstIndex { $0.kind == kind }.map { spares.remove(at: $0).address }
        }
        return address.flatMap { OpaquePointer(bitPattern: $0) }
    }

    /// - Returns: whether there was room for it.
    private static func keeps(_ spare: Spare) -> Bool {
        spares.withLock { spares in
            guard spares.count < maxSpares else { return false }
            spares.append(spare)
            return true
        }
    }

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
