/// Owns one object of a C library and frees it exactly once.
struct Handle<Pointer>: ~Copyable {
    /// The object, or a part of it; good for as long as the handle lives.
    let pointer: Pointer
    private let free: (Pointer) -> Void

    /// Takes over what a C function has just made.
    /// - Parameters:
    ///   - pointer: `nil` if the function failed, for which the only reason is memory.
    ///   - name: what it was to be, for the message.
    ///   - free: called once, with the pointer.
    /// - Throws: `libraryFailed`.
    init(_ pointer: Pointer?, _ name: String, free: @escaping (Pointer) -> Void) throws(AudioEncodingError) {
        guard let pointer else {
            throw AudioEncodingError(.libraryFailed, "There is no memory for \(name); lower the load or add memory.")
        }
        self.pointer = pointer
        self.free = free
    }

    deinit {
        free(pointer)
    }
}
