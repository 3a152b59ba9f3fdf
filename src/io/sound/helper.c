/* The program that decodes sound files: FFmpeg's libraries behind one sandbox, built by scripts/media-helper and carried
 * inside of the binary. A file that breaks a decoder breaks this process and nothing else.
 *
 * usage: helper SECONDS, with a file on descriptor 0 that can be read at any place.
 * Writes mono sound of 48000 Hz to descriptor 1, as 32-bit floats in the machine's order, and tells on descriptor 2, a line
 * a thing: "format mp3 44100 2" (container, Hz, channels), "progress 37" (percent of the file read), "error WORDS".
 * The exit status says how it ended; helper.rs knows the same list. */

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/mem.h>
#include <libavutil/opt.h>
#include <libswresample/swresample.h>

enum {
    BROKEN = 1,   /* the fault is ours */
    UNKNOWN = 2,  /* no file of sound */
    CODING = 3,   /* a known file with a coding that is not */
    DAMAGED = 4,  /* cut off, or nothing to be had from it */
    TOO_LONG = 5, /* more than SECONDS */
    EMPTY = 6,    /* not one sample */
    SHAPE = 7,    /* a rate or a number of channels that no sound has */
};

enum { RATE = 48000, LOWEST_RATE = 4000, HIGHEST_RATE = 192000, MOST_CHANNELS = 8 };
enum { CPU_SECONDS = 120, MEMORY = 256 << 20, LARGEST_BLOCK = 64 << 20, READ_AHEAD = 32 << 10 };
/* Below this MP3's recogniser has seen one header in a lot of noise. */
enum { LEAST_SCORE = 5 };
/* Floating point files may say anything; over this it isn't sound. */
static const float LOUDEST = 1000;

static int64_t file_size, most_frames, given;
static int told_percent = -1, damaged;
static SwrContext *converter;

static void fail(int status, const char *words, int error) {
    char detail[AV_ERROR_MAX_STRING_SIZE] = "";
    if (error)
        av_strerror(error, detail, sizeof detail);
    dprintf(2, "error %s%s%s\n", words, error ? ": " : "", detail);
    _exit(status);
}

/* --- the sandbox: what linux/seccomp.h and linux/filter.h name, which musl-gcc doesn't find --- */

struct instruction { uint16_t code; uint8_t jt, jf; uint32_t k; };
struct program { uint16_t length; const struct instruction *code; };
#define LOAD(offset) { 0x20, 0, 0, offset }              /* BPF_LD | BPF_W | BPF_ABS */
#define SKIP_UNLESS(value) { 0x15, 0, 1, value }         /* BPF_JMP | BPF_JEQ | BPF_K */
#define SKIP_UNLESS_ANY(bits) { 0x45, 0, 1, bits }       /* BPF_JMP | BPF_JSET | BPF_K */
#define RETURN(action) { 0x06, 0, 0, action }            /* BPF_RET | BPF_K */
#define ALLOW(call) SKIP_UNLESS(SYS_##call), RETURN(0x7fff0000)
#define KILL RETURN(0x80000000)
#if defined(__x86_64__)
#define MACHINE 0xc000003e
#elif defined(__aarch64__)
#define MACHINE 0xc00000b7
#endif

static void limit(int what, rlim_t most) {
    struct rlimit both = { most, most };
    if (setrlimit(what, &both))
        fail(BROKEN, "setrlimit", AVERROR(errno));
}

/* From here on: reading, writing and memory, that nobody can execute. Every other call to the kernel is the end. */
static void lock_up(void) {
    static const struct instruction filter[] = {
        LOAD(4), { 0x15, 1, 0, MACHINE }, KILL, /* another machine's calls have other numbers */
        LOAD(0), ALLOW(read), ALLOW(write), ALLOW(writev), ALLOW(lseek), ALLOW(brk), ALLOW(munmap), ALLOW(mremap),
        ALLOW(madvise), ALLOW(futex), ALLOW(clock_gettime), ALLOW(rt_sigprocmask), ALLOW(exit), ALLOW(exit_group),
        { 0x15, 2, 0, SYS_mmap }, { 0x15, 1, 0, SYS_mprotect }, KILL,
        LOAD(32), SKIP_UNLESS_ANY(4) /* the third argument: PROT_EXEC */, KILL, RETURN(0x7fff0000),
    };
    const struct program program = { sizeof filter / sizeof *filter, filter };
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_CPU, CPU_SECONDS);
    limit(RLIMIT_AS, MEMORY);
    limit(RLIMIT_FSIZE, 0);
    limit(RLIMIT_NOFILE, 3);
    limit(RLIMIT_NPROC, 0);
    if (prctl(38 /* PR_SET_NO_NEW_PRIVS */, 1, 0, 0, 0) || prctl(22 /* PR_SET_SECCOMP */, 2 /* filter */, &program))
        fail(BROKEN, "seccomp", AVERROR(errno));
}

/* --- the file --- */

static int read_file(void *unused, uint8_t *buffer, int size) {
    ssize_t got = read(0, buffer, size);
    return got > 0 ? got : got == 0 ? AVERROR_EOF : AVERROR(errno);
}

static int64_t seek_file(void *unused, int64_t offset, int whence) {
    if (whence & AVSEEK_SIZE)
        return file_size;
    off_t at = lseek(0, offset, whence & ~AVSEEK_FORCE);
    return at < 0 ? AVERROR(errno) : at;
}

/* An m4a may name other files. */
static int open_nothing(AVFormatContext *file, AVIOContext **io, const char *url, int flags, AVDictionary **options) {
    return AVERROR(EACCES);
}

static void tell_progress(AVIOContext *io) {
    int percent = file_size ? avio_tell(io) * 100 / file_size : 100;
    if (percent > told_percent && percent <= 100) {
        told_percent = percent;
        dprintf(2, "progress %d\n", percent);
    }
}

static AVFormatContext *open_file(void) {
    const AVInputFormat *format = NULL;
    AVFormatContext *file = avformat_alloc_context();
    uint8_t *buffer = av_malloc(READ_AHEAD);
    AVIOContext *io = buffer ? avio_alloc_context(buffer, READ_AHEAD, 0, NULL, read_file, NULL, seek_file) : NULL;
    if (!file || !io)
        fail(BROKEN, "no memory", 0);
    int score = av_probe_input_buffer2(io, &format, "", NULL, 0, 0);
    if (score < LEAST_SCORE)
        fail(UNKNOWN, "unknown", score < 0 && score != AVERROR_INVALIDDATA ? score : 0);
    dprintf(2, "format %s 0 0\n", format->name);
    file->pb = io;
    file->io_open = open_nothing;
    int error = avformat_open_input(&file, "", format, NULL);
    if (error < 0)
        fail(error == AVERROR_PATCHWELCOME ? CODING : DAMAGED, "its beginning cannot be read", 0);
    error = avformat_find_stream_info(file, NULL);
    if (error < 0)
        fail(DAMAGED, "its beginning cannot be read", 0);
    return file;
}

static void check_shape(int rate, int channels) {
    if (rate < LOWEST_RATE || rate > HIGHEST_RATE || channels < 1 || channels > MOST_CHANNELS) {
        dprintf(2, "format - %d %d\n", rate, channels);
        fail(SHAPE, "shape", 0);
    }
}

static AVCodecContext *open_decoder(AVFormatContext *file, int *number) {
    const AVCodec *codec = NULL;
    *number = av_find_best_stream(file, AVMEDIA_TYPE_AUDIO, -1, -1, &codec, 0);
    if (*number == AVERROR_DECODER_NOT_FOUND) {
        *number = av_find_best_stream(file, AVMEDIA_TYPE_AUDIO, -1, -1, NULL, 0);
        fail(CODING, avcodec_get_name(file->streams[*number < 0 ? 0 : *number]->codecpar->codec_id), 0);
    }
    if (*number < 0)
        fail(EMPTY, "no track of sound", 0);
    for (unsigned other = 0; other < file->nb_streams; other++)
        file->streams[other]->discard = other == (unsigned)*number ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
    const AVCodecParameters *what = file->streams[*number]->codecpar;
    check_shape(what->sample_rate, what->ch_layout.nb_channels);
    dprintf(2, "format %s %d %d\n", file->iformat->name, what->sample_rate, what->ch_layout.nb_channels);
    AVCodecContext *decoder = avcodec_alloc_context3(codec);
    int error = decoder ? avcodec_parameters_to_context(decoder, what) : AVERROR(ENOMEM);
    if (error >= 0) {
        decoder->pkt_timebase = file->streams[*number]->time_base; /* by which padding is cut off exactly */
        error = avcodec_open2(decoder, codec, NULL);
    }
    if (error < 0)
        fail(error == AVERROR_PATCHWELCOME ? CODING : DAMAGED, codec->name, error);
    return decoder;
}

/* --- the sound --- */

static void give(const float *sound, int frames) {
    const char *bytes = (const char *)sound;
    size_t left = (size_t)frames * sizeof *sound;
    given += frames;
    if (given > most_frames)
        fail(TOO_LONG, "too long", 0);
    while (left > 0) {
        ssize_t written = write(1, bytes, left);
        if (written < 0 && errno != EINTR)
            _exit(BROKEN);
        bytes += written > 0 ? written : 0;
        left -= written > 0 ? written : 0;
    }
}

/* A frame through the converter; without one, what the converter still holds. */
static void convert(const AVFrame *frame) {
    static uint8_t *room;
    static unsigned size;
    int most = swr_get_out_samples(converter, frame ? frame->nb_samples : 0);
    if (most > 0)
        av_fast_malloc(&room, &size, (size_t)most * sizeof(float));
    if (most > 0 && !room)
        fail(BROKEN, "no memory", 0);
    int made = most > 0 ? swr_convert(converter, &room, most, frame ? (const uint8_t **)frame->extended_data : NULL,
                                      frame ? frame->nb_samples : 0) : most;
    if (made < 0)
        fail(BROKEN, "resampling", made);
    give((float *)room, made);
}

/* A converter for sound like this frame's: the mean of the channels can't be louder than the loudest. */
static void set_converter(const AVFrame *frame) {
    static AVChannelLayout layout;
    static int format, rate;
    const AVChannelLayout mono = AV_CHANNEL_LAYOUT_MONO;
    double mean[MOST_CHANNELS];
    int channels = frame->ch_layout.nb_channels;
    if (converter && format == frame->format && rate == frame->sample_rate && layout.nb_channels == channels)
        return;
    if (converter)
        convert(NULL); /* the file goes on differently */
    check_shape(frame->sample_rate, channels);
    for (int channel = 0; channel < channels; channel++)
        mean[channel] = 1.0 / channels;
    layout = (AVChannelLayout){ .order = AV_CHANNEL_ORDER_UNSPEC, .nb_channels = channels };
    format = frame->format, rate = frame->sample_rate;
    swr_free(&converter);
    int error = swr_alloc_set_opts2(&converter, &mono, AV_SAMPLE_FMT_FLT, RATE, &layout, format, rate, 0, NULL);
    if (error >= 0)
        error = swr_set_matrix(converter, mean, channels);
    if (error >= 0)
        error = swr_init(converter);
    if (error < 0)
        fail(BROKEN, "resampling", error);
}

#define MEND(type) \
    for (type *at = (type *)frame->extended_data[plane], *end = at + count; at < end; at++) \
        *at = *at >= -LOUDEST && *at <= LOUDEST ? *at : *at > LOUDEST ? LOUDEST : *at < -LOUDEST ? -LOUDEST : 0;

/* What is no number would become a whole filter's length of no numbers: it is silence. */
static void mend(AVFrame *frame) {
    int planar = av_sample_fmt_is_planar(frame->format), channels = frame->ch_layout.nb_channels;
    int count = frame->nb_samples * (planar ? 1 : channels);
    if (av_frame_make_writable(frame) < 0)
        fail(BROKEN, "no memory", 0);
    for (int plane = 0; plane < (planar ? channels : 1); plane++) {
        switch (av_get_packed_sample_fmt(frame->format)) {
        case AV_SAMPLE_FMT_FLT: MEND(float) break;
        case AV_SAMPLE_FMT_DBL: MEND(double) break;
        default: break;
        }
    }
}

/* One packet's sound, or with none the sound that the decoder still holds. A packet that is broken is left out. */
static void decode(AVCodecContext *decoder, const AVPacket *packet, AVFrame *frame) {
    if (avcodec_send_packet(decoder, packet) < 0)
        damaged = 1;
    int error;
    while ((error = avcodec_receive_frame(decoder, frame)) >= 0) {
        set_converter(frame);
        mend(frame);
        convert(frame);
        av_frame_unref(frame);
    }
    if (error != AVERROR(EAGAIN) && error != AVERROR_EOF)
        damaged = 1;
}

/* What a file says of its length itself; one that is much shorter was cut off on its way. Recorders that died left any
 * number in the place of a length: one beyond the limit isn't believed. */
static void check_length(const AVFormatContext *file, const AVStream *stream) {
    double said = stream->duration > 0 ? stream->duration * av_q2d(stream->time_base) : 0;
    int itself = file->duration_estimation_method == AVFMT_DURATION_FROM_STREAM && said * RATE <= most_frames;
    if (itself && (double)given / RATE + 0.5 < said * 0.9)
        fail(DAMAGED, "it was cut off", 0);
}

int main(int count, char **arguments) {
    struct stat about;
    int seconds = count == 2 ? atoi(arguments[1]) : 0, number = -1, error;
    if (seconds < 1 || fstat(0, &about) || lseek(0, 0, SEEK_SET))
        fail(BROKEN, "usage: helper SECONDS, with a file on descriptor 0", 0);
    file_size = about.st_size;
    most_frames = (int64_t)seconds * RATE;
    nice(10); /* calls go first */
    syscall(SYS_close_range, 3, ~0U, 0);
    lock_up();
    av_log_set_level(AV_LOG_QUIET);
    av_max_alloc(LARGEST_BLOCK);

    AVFormatContext *file = open_file();
    AVCodecContext *decoder = open_decoder(file, &number);
    AVPacket *packet = av_packet_alloc();
    AVFrame *frame = av_frame_alloc();
    if (!packet || !frame)
        fail(BROKEN, "no memory", 0);
    while ((error = av_read_frame(file, packet)) >= 0) {
        if (packet->stream_index == number) {
            damaged |= packet->flags & AV_PKT_FLAG_CORRUPT;
            decode(decoder, packet, frame);
        }
        av_packet_unref(packet);
        tell_progress(file->pb);
    }
    damaged |= error != AVERROR_EOF;
    decode(decoder, NULL, frame);
    if (converter)
        convert(NULL);
    check_length(file, file->streams[number]);
    if (given == 0)
        fail(damaged ? DAMAGED : EMPTY, "nothing could be decoded", 0);
    return 0;
}
