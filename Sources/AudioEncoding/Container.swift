import CLibAV

/// The file around the packets of an encoder. What libav writes collects in memory until it is taken.
final class Container {
    private let context: Handle<UnsafeMutablePointer<AVFormatContext>>

    /// - Parameter encoder: open; only read here.
    init(_ compression: Compression, encoder: UnsafePointer<AVCodecContext>) throws(AudioEncodingError) {
        let task = "make a \(compression.container) stream"
        var allocated: UnsafeMutablePointer<AVFormatContext>?
        try LibAV.check(avformat_alloc_output_context2(&allocated, nil, compression.container, nil), task)
        context = try Handle(allocated, "a \(compression.container) stream") { pointer in
            _ = Self.closeOutput(of: pointer)
            avformat_free_context(pointer)
        }
        try openOutput()
        // No versions and no random stream ids: the same audio gives the same bytes.
        context.pointer.pointee.flags |= AVFMT_FLAG_BITEXACT
        // Room for tags to be added later would double the size of a short FLAC file.
        context.pointer.pointee.metadata_header_padding = 0
        guard let stream = avformat_new_stream(context.pointer, nil) else {
            throw AudioEncodingError(.libraryFailed, "There is no memory to \(task); lower the load or add memory.")
        }
        try LibAV.check(avcodec_parameters_from_context(stream.pointee.codecpar, encoder), task)
        stream.pointee.time_base = encoder.pointee.time_base
        let pointer = context.pointer
        try LibAV.withOptions(compression.containerOptions, task) { avformat_write_header(pointer, $0) }
    }

    /// Adds a packet.
    /// - Parameter timeBase: the unit of its times, in seconds. They are changed to the container's.
    func write(_ packet: UnsafeMutablePointer<AVPacket>, timeBase: AVRational) throws(AudioEncodingError) {
        if let stream = context.pointer.pointee.streams?.pointee {
            av_packet_rescale_ts(packet, timeBase, stream.pointee.time_base)
        }
        try LibAV.check(av_write_frame(context.pointer, packet), "write a packet")
    }

    /// Writes what the file ends with. If nothing has been taken yet, its beginning is brought up to date as well.
    func end() throws(AudioEncodingError) {
        try LibAV.check(av_write_trailer(context.pointer), "end the stream")
    }

    /// Hands over what has been written since the last call.
    func take() throws(AudioEncodingError) -> [UInt8] {
        let bytes = Self.closeOutput(of: context.pointer)
        try openOutput()
        // What was taken cannot be changed any more.
        context.pointer.pointee.pb?.pointee.seekable = 0
        return bytes
    }

    private func openOutput() throws(AudioEncodingError) {
        try LibAV.check(avio_open_dyn_buf(&context.pointer.pointee.pb), "make room for the output")
    }

    private static func closeOutput(of context: UnsafeMutablePointer<AVFormatContext>) -> [UInt8] {
        guard let output = context.pointee.pb.take() else { return [] }
        var data: UnsafeMutablePointer<UInt8>?
        let count = avio_close_dyn_buf(output, &data)
        defer { av_free(data) }
        return [UInt8](UnsafeBufferPointer(start: data, count: Int(count)))
    }
}
