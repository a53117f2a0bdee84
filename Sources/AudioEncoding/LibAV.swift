import CLibAV

/// What all uses of libav share.
enum LibAV {
    /// What is set once for the whole process, before libav is used.
    static let isPrepared: Void = {
        // What matters comes back as an error. The rest is noise, such as that the header of a FLAC stream cannot be
        // rewritten, which is what streaming means.
        av_log_set_level(AV_LOG_QUIET)
        // Blocks of this size come from the system and go back to it, whatever has been freed before: then the parts of
        // LAME's large tables that one voice never touches take no memory (135 kB for an encoder instead of 393 kB).
        mallopt(M_MMAP_THRESHOLD, 128 * 1024)
    }()

    /// Turns a negative result into an error that carries libav's own words.
    /// - Parameter task: what was tried, as in "encode mp3".
    /// - Returns: the result when it is not negative.
    @discardableResult
    static func check(_ result: Int32, _ task: @autoclosure () -> String) throws(AudioEncodingError) -> Int32 {
        guard result < 0 else { return result }
        let reason = withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(AV_ERROR_MAX_STRING_SIZE)) { buffer in
            av_strerror(result, buffer.baseAddress, buffer.count)
            return buffer.baseAddress.map { String(cString: $0) } ?? ""
        }
        throw AudioEncodingError(.libraryFailed, "libav could not \(task()): \(reason) (\(result)).")
    }

    /// Lends options, by libav's names, to a function that takes out those that it knows.
    /// - Throws: `libraryFailed`, also when some are left: this libav is not one that we were made for.
    static func withOptions(
        _ options: [String: String],
        _ task: String,
        _ body: (UnsafeMutablePointer<OpaquePointer?>) -> Int32
    ) throws(AudioEncodingError) {
        var dictionary: OpaquePointer?
        defer { av_dict_free(&dictionary) }
        for (name, value) in options {
            try check(av_dict_set(&dictionary, name, value, 0), task)
        }
        try check(body(&dictionary), task)
        guard av_dict_count(dictionary) == 0 else {
            throw AudioEncodingError(
                .libraryFailed,
                "libav does not know all options to \(task); install FFmpeg 5.1 or newer."
            )
        }
    }
}
