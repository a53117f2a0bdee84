import CLibAV
import Glibc

/// Where libav writes a file to: memory that is handed over piece by piece. Of a file, unlike of a stream, the
/// beginning is kept, because a muxer goes back to it when the lengths are known.
final class MuxedBytes {
    /// Bytes of a file's beginning that a muxer may write again. STREAMINFO of FLAC ends at 42, the frame with the
    /// lengths of mp3 at 1,441 at the latest, the size of an MPEG-4 file's audio at 48.
    private static let beginningLimit = 4096

    /// Bytes that nobody has taken yet.
    private var untaken: [UInt8] = []
    /// Bytes that were taken before those.
    private var takenBytes = 0
    /// Where libav writes next.
    private var position = 0
    private let isFile: Bool

    /// The first bytes of the file as they are now.
    private(set) var beginning: [UInt8] = []

    /// - Parameter isFile: whether a muxer may go back.
    init(isFile: Bool) {
        self.isFile = isFile
    }

    /// The bytes since the last call.
    func take() -> [UInt8] {
        defer { untaken = [] }
        takenBytes += untaken.count
        return untaken
    }

    private var byteCount: Int { takenBytes + untaken.count }

    /// - Returns: `false` if bytes to overwrite were taken before, and are not in `beginning`.
    private func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
        // Usually all bytes are appended. Those before the end overwrite old ones.
        let old = bytes.prefix(max(byteCount - position, 0))
        for (place, byte) in zip(position..., old) {
            let isBeginning = place < beginning.count
            if isBeginning { beginning[place] = byte }
            if place >= takenBytes { untaken[place - takenBytes] = byte } else if !isBeginning { return false }
        }
        let new = bytes.dropFirst(old.count)
        untaken.append(contentsOf: new)
        if isFile { beginning.append(contentsOf: new.prefix(max(Self.beginningLimit - beginning.count, 0))) }
        position += bytes.count
        return true
    }

    /// - Returns: where the next byte goes, or the size that was asked for; `nil` if that place is not there.
    private func seek(_ offset: Int64, _ whence: Int32) -> Int? {
        if whence & AVSEEK_SIZE != 0 { return byteCount }
        let from =
            switch whence & ~AVSEEK_FORCE {
            case SEEK_SET: 0
            case SEEK_CUR: position
            default: byteCount
            }
        let place = from + Int(offset)
        guard (0...byteCount).contains(place) else { return nil }
        position = place
        return place
    }

    /// The context through which libav writes here. It must not be used after this object is gone.
    func makeContext() throws(AudioEncodingError) -> Handle<UnsafeMutablePointer<AVIOContext>> {
        let bufferBytes = 4096
        let context = avio_alloc_context(
            av_malloc(bufferBytes)?.assumingMemoryBound(to: UInt8.self),
            Int32(bufferBytes),
            1,
            Unmanaged.passUnretained(self).toOpaque(),
            nil,
            { target, data, count in
                let isWritten = MuxedBytes.behind(target)?.write(UnsafeRawBufferPointer(start: data, count: Int(count)))
                return isWritten == true ? count : -EIO
            },
            isFile
                ? { target, offset, whence in
                    MuxedBytes.behind(target)?.seek(offset, whence).map { Int64($0) } ?? Int64(-EINVAL)
                } : nil
        )
        return try Handle(context, "the output") { context in
            var context: UnsafeMutablePointer<AVIOContext>? = context
            av_free(context?.pointee.buffer)
            avio_context_free(&context)
        }
    }

    private static func behind(_ target: UnsafeMutableRawPointer?) -> MuxedBytes? {
        target.map { Unmanaged<MuxedBytes>.fromOpaque($0).takeUnretainedValue() }
    }
}
