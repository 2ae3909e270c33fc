// SPDX-License-Identifier: MIT
// locals.cc - thread_local variables of C++, two files in one: constructors,
// destructors, and addresses that other threads may use.
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>

#define FACT(c)                                                                \
    do {                                                                       \
        if (!(c)) {                                                            \
            n_failed++;                                                        \
            printf("%s:%d: %s\n", __FILE__, __LINE__, #c);                     \
        }                                                                      \
    } while (0)

extern int n_constructed;
extern int n_destroyed;
extern int last_destroyed;

struct object {
    int number;
    int member;

    explicit object(int n) : number(n), member(n + 1)
    {
        n_constructed++;
    }

    ~object()
    {
        n_destroyed++;
        last_destroyed = number;
    }
};

#ifdef OTHER

int n_constructed;
int n_destroyed;
int last_destroyed;
thread_local object in_other_file(40);

#else

static int n_failed;

thread_local object global(10);
extern thread_local object in_other_file; // the other file's
extern "C" thread_local int in_c_file[4]; // C's
static thread_local int *pointer = nullptr;
alignas(64) static thread_local char aligned[3];

struct holder {
    static thread_local object shared_name;
};

thread_local object holder::shared_name(20);

inline thread_local unsigned in_line = 7;

template <typename type> struct each {
    static inline thread_local type value = 9;
};

static sem_t is_there;
static sem_t may_go;

struct seen {
    object *global_object;
    int *plain;
};

static void *use(void *argument)
{
    seen *all = static_cast<seen *>(argument);
    thread_local object local(30);

    FACT(global.number == 10 && global.member == 11);
    FACT(in_other_file.number == 40 && holder::shared_name.number == 20);
    FACT(in_c_file[2] == 3 && in_line == 7 && each<long>::value == 9);
    FACT(reinterpret_cast<uintptr_t>(aligned) % 64 == 0 && aligned[2] == 0);
    FACT(local.member == 31 && pointer == nullptr);
    all->global_object = &global;
    all->plain = &in_c_file[2];
    pointer = all->plain;
    errno = ENOTTY;
    sem_post(&is_there);
    while (sem_wait(&may_go) < 0) {
    }
    FACT(errno == ENOTTY);
    FACT(global.number == 77 && in_c_file[2] == 78); // main wrote them
    FACT(pointer == &in_c_file[2]);
    local.number = 33;
    return nullptr;
}

int main()
{
    pthread_t threads[2];
    seen all[2];

    sem_init(&is_there, 0, 0);
    sem_init(&may_go, 0, 0);
    FACT(n_constructed == 0); // not before they are used
    FACT(global.number == 10 && in_c_file[2] == 3);
    for (int i = 0; i < 2; i++) {
        pthread_create(&threads[i], nullptr, use, &all[i]);
        sem_wait(&is_there);
    }
    FACT(all[0].global_object != all[1].global_object);
    FACT(all[0].global_object != &global && all[0].plain != all[1].plain);
    for (int i = 0; i < 2; i++) {
        all[i].global_object->number = 77;
        *all[i].plain = 78;
    }
    FACT(global.number == 10 && in_c_file[2] == 3);
    sem_post(&may_go);
    sem_post(&may_go);
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], nullptr);
    }
    FACT(n_constructed == 2 * 4 + 2); // in_other_file: when its file's are used
    FACT(n_destroyed == 2 * 4 && last_destroyed == 33);
    printf("%d failed\n", n_failed);
    return n_failed > 0;
}

#endif
