// libav's headers, and what of them Swift cannot read by itself: macros that are expressions.
#pragma once

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/channel_layout.h>
#include <libswresample/swresample.h>

// Swift's Glibc lacks it; libav's memory is tuned with it.
#include <malloc.h>

/// AVERROR(EAGAIN): the encoder wants more input before it gives another packet.
static inline int clibav_error_again(void) { return AVERROR(EAGAIN); }

/// AVERROR_EOF: the encoder has given its last packet.
static inline int clibav_error_end(void) { return AVERROR_EOF; }

/// One channel.
static inline AVChannelLayout clibav_mono(void) { return (AVChannelLayout)AV_CHANNEL_LAYOUT_MONO; }
