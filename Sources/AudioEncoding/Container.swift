import CLibAV

/// The file around the packets of an encoder. What libav writes collects in memory until it is taken.
final class Container {
    private let context: Handle<UnsafeMutablePointer<AVFormatContext>>
    private let output: Handle<UnsafeMutablePointer<AVIOContext>>
    private let bytes: MuxedBytes

    /// - Parameter encoder: open; only read here.
    init(_ compression: Compression, encoder: UnsafePointer<AVCodecContext>) throws(AudioEncodingError) {
        let task = "make a \(compression.container) stream"
        var allocated: UnsafeMutablePointer<AVFormatContext>?
        try LibAV.check(avformat_alloc_output_context2(&allocated, nil, compression.container, nil), task)
        context = try Handle(allocated, "a \(compression.container) stream", free: avformat_free_context)
        bytes = MuxedBytes(isFile: compression.isFile)
        output = try bytes.makeContext()
        context.pointer.pointee.pb = output.pointer
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

    /// Writes what the file ends with, and of a file that is no stream the beginning once more.
    func end() throws(AudioEncodingError) {
        try LibAV.check(av_write_trailer(context.pointer), "end the stream")
    }

    /// Hands over what has been written since the last call.
    func take() throws(AudioEncodingError) -> [UInt8] {
        avio_flush(output.pointer)
        try LibAV.check(output.pointer.pointee.error, "write the stream")
        return bytes.take()
    }

    /// The first bytes of a file as they are now.
    var beginning: [UInt8] { bytes.beginning }
}
